#!/usr/bin/env python3
"""Tries the statements of docs/database: the sample month goes into tables with the names of the national platform, is
exported from them, becomes Parquet, and is closed.

    tests/database/check.py --binary FILE --work DIR

Every export has to hold exactly the rows that it should, in every cell, and the month has to come out as it does from
the sample's own files. The servers are started for this and listen to nobody else. PostgreSQL (Debian: postgresql) has
to be there where all tests have to be run; MariaDB takes the place of MySQL where it is there.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent.parent
SQL = ROOT / "docs/database"
PERIOD = "2025-10"
# The names of the national platform, where the contract has others.
NATIONAL = {"insuplc_admdvs": "insu_admdvs", "dise_codg": "dise_no", "oth_pay": "othfund_pay",
            "psn_cash_pay": "cash_payamt", "hosp_part_amt": "ownpay_hosp_part", "inscp_scp_amt": "inscp_amt"}
CONTRACT = {national: name for name, national in NATIONAL.items()}
SUMS = ["medfee_sumamt", "fund_pay_sumamt", "acct_pay"]
TEXTS = {"setl_id", "mdtrt_id", "init_setl_id", "psn_no", "insuplc_admdvs", "mdtrtarea_admvs", "fixmedins_code",
         "insutype", "med_type", "dise_codg", "refd_setl_flag", "fulamt_advpay_flag"}
# What does not follow from the order of rows in a file (contract, 6).
TABLES = ["positions", "pairs", "breaks", "break_fields", "deductions", "quotas", "reserves", "notices"]
# Servers refuse to be root's.
AS_OTHER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          encoding="utf-8", **more)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(found, expected, what):
    if found != expected:
        raise SystemExit(f"{what}:\nfound    {found}\nexpected {expected}")


def kind(name):
    if name in TEXTS:
        return "text"
    return {"begndate": "date", "enddate": "date", "setl_time": "time"}.get(name, "money")


def filled(name, **values):
    text = (SQL / name).read_text("utf-8")
    for place, value in values.items():
        text = text.replace(f"@{place}@", str(value))
    left = [word for word in text.split() if word.strip("'").startswith("@")]
    expect(left, [], f"places of {name} that are not filled")
    return text


def sample():
    """The rows of each file of the sample's month, by the names of the contract."""
    for twin in sorted((ROOT / "sample-data/text" / PERIOD).glob("*/*.csv")):
        with twin.open(encoding="utf-8", newline="") as lines:
            rows = [{CONTRACT.get(name, name): cell for name, cell in row.items()} for row in csv.DictReader(lines)]
        yield f"{twin.parent.name}/{twin.stem}", rows


def province(code):
    return "66" if code.startswith("6590") else code[:2]


def between_provinces(row):
    places = row["insuplc_admdvs"], row["mdtrtarea_admvs"]
    return not all(places) or province(places[0]) != province(places[1])


def strangers(row):
    """Rows that an export leaves out or takes: a local one, an invalid one, one of XPCC in Xinjiang, one of 2024."""
    local = row | {"setl_id": "local", "insuplc_admdvs": row["mdtrtarea_admvs"]}
    corps = row | {"setl_id": "Z-CORPS", "insuplc_admdvs": "659001", "mdtrtarea_admvs": "650100"}
    return [(local, "1"), (row | {"setl_id": "invalid"}, "0"), (corps, "1"),
            (row | {"setl_id": "old", "setl_time": "2024-12-31 23:59:59"}, "1")]


def table(rows, types):
    """Statements that make and fill the table setl_d."""
    names = list(rows[0][0])
    columns = ", ".join(f"{NATIONAL.get(name, name)} {types[kind(name)]}" for name in names)
    yield f"CREATE TABLE setl_d ({columns}, vali_flag {types['text']});"
    for row, valid in rows:
        cells = ["NULL" if row[name] == "" else "'" + row[name].replace("'", "''") + "'" for name in names]
        yield f"INSERT INTO setl_d VALUES ({', '.join(cells)}, '{valid}');"


def started(command, log, is_ready):
    with log.open("w") as out:
        server = subprocess.Popen([*AS_OTHER, *map(str, command)], stdout=out, stderr=out)
    for _ in range(300):
        if is_ready():
            return server
        if server.poll() is not None:
            break
        time.sleep(0.1)
    server.terminate()
    raise SystemExit(f"{command[0]} did not start:\n{log.read_text()}")


class PostgreSQL:
    types = {"text": "varchar(60)", "date": "date", "time": "timestamp", "money": "numeric(16,2)"}
    # It stands in for Oracle and DM, whose statements it understands but for what belongs to their clients.
    statements, delimiter = ["postgresql.sql", "oracle.sql", "dm.sql"], ","

    def __init__(self, folder):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        programs = found[-1].parent if found else Path(shutil.which("initdb") or "").parent
        self.folder, self.data = folder, folder / "postgresql"
        # The server may write files of another alphabet: what comes out is UTF-8 all the same.
        run(*AS_OTHER, programs / "initdb", "--pgdata", self.data, "--username=one", "--auth=trust", "--no-sync",
            "--encoding=UTF8", "--locale=C")
        self.server = started([programs / "postgres", "-D", self.data, "-k", folder, "-c", "listen_addresses=", "-F"],
                              folder / "postgresql.log", self.answers)

    def answers(self):
        return subprocess.run(self.client("-c", "select 1"), capture_output=True).returncode == 0

    def client(self, *more):
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", "one", "-d", "postgres",
                *more]

    def says(self, sql, *more):
        return run(*self.client(*more), input=sql)

    def exports(self, sql):
        if "SPOOL" not in sql:
            return self.says(sql)
        client = ("SET ", "SPOOL ", "EXIT", "WHENEVER ")
        sql = "\n".join(line for line in sql.splitlines() if not line.startswith(client))
        dual = "CREATE TEMP TABLE dual AS SELECT 1;"
        nvl = "CREATE FUNCTION pg_temp.nvl(text, text) RETURNS text AS 'SELECT coalesce($1, $2)' LANGUAGE sql;"
        return self.says(dual + nvl + sql.replace("NVL(", "pg_temp.nvl("), "-A", "-t", "-F", ",")

    def totals(self, sql):
        return self.says(sql, "-A", "-t", "-F", ",")


class MariaDB:
    types = {"text": "varchar(60)", "date": "date", "time": "datetime", "money": "decimal(16,2)"}
    statements, delimiter = ["mysql.sql"], "\t"

    def __init__(self, folder):
        self.socket = folder / "maria.sock"
        data = folder / "mariadb"
        run(*AS_OTHER, "mariadb-install-db", "--no-defaults", f"--datadir={data}",
            "--auth-root-authentication-method=normal")
        self.server = started(["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={self.socket}",
                               "--skip-networking", f"--pid-file={folder}/maria.pid"],
                              folder / "mariadb.log", self.answers)

    def answers(self):
        return subprocess.run(self.client("-e", "select 1"), capture_output=True).returncode == 0

    def client(self, *more):
        return ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "--database=test",
                "--default-character-set=utf8mb4", "--batch", "--raw", "--quick", *more]

    def says(self, sql, *more):
        return run(*self.client(*more), input=sql)

    def exports(self, sql):
        return self.says(sql)

    def totals(self, sql):
        return self.says(sql, "--skip-column-names").replace("\t", ",")


def read_as_exported(text, delimiter):
    return list(csv.DictReader(text.splitlines(), delimiter=delimiter))


def exported(database, statement, name, rows, work):
    """Exports the rows of one file in parts, as the page has it for large tables, and compares every cell."""
    rows = [(row, "1") for row in rows] + strangers(rows[0])
    database.says("DROP TABLE IF EXISTS setl_d;\n" + "\n".join(table(rows, database.types)))
    wanted = [row for row, valid in rows if valid == "1" and between_provinces(row) and row["setl_time"] >= "2025"]
    wanted.sort(key=lambda row: (row["setl_time"], row["setl_id"]))
    found, lines = [], []
    borders = ["2025-01-01", f"{PERIOD}-01", f"{PERIOD}-10", "2026-03-01"]
    for start, end in zip(borders, borders[1:]):
        path = work / "export" / name / f"{start}.csv"
        text = database.exports(filled(statement, FROM=start, TO=end, FILE=path.name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        found += read_as_exported(text, database.delimiter)
        lines.append(database.totals(filled("totals.sql", FROM=start, TO=end, FILE=path.name)).strip().split(","))
    spelt = [{key: f"{Decimal(cell):.2f}" if kind(key) == "money" and cell else cell for key, cell in row.items()}
             for row in wanted]
    expect(found, spelt, f"{statement}, {name}")
    expect(sum(int(line[1]) for line in lines), len(found), "rows of totals.sql")
    sums = [str(sum(Decimal(row[of] or 0) for row in found)) for of in SUMS]
    of_totals = [str(sum(Decimal(line[at]) for line in lines if line[at] not in ("", "NULL"))) for at in (2, 3, 4)]
    expect([Decimal(of) for of in of_totals], [Decimal(of) for of in sums], "sums of totals.sql")
    return [f"{name}.parquet", len(found), *of_totals]


def of_csv(name, work):
    """Makes the Parquet file by the statement for DuckDB."""
    out = work / "delivery" / f"{name}.parquet"
    out.parent.mkdir(parents=True, exist_ok=True)
    duckdb.connect().execute(filled("duckdb.sql", EXPORT=work / "export" / name / "*.csv", FILE=out))


def closed(binary, delivery, book):
    report = run(binary, "run", "--quiet", "--period", PERIOD, "--input", delivery, "--book", book, "--opening-quotas",
                 ROOT / "sample-data/opening-quotas.csv", "--format", "json")
    run(binary, "verify", "--quiet", "--book", book)
    return json.loads(report)


def months(binary, delivery, work):
    """Closes the month from the exports, and from the sample as it is, and compares what has to be the same."""
    for name in ["deductions.csv", "permits.csv"]:
        shutil.copy(ROOT / "sample-data" / PERIOD / name, delivery)
    closed(binary, delivery, work / "exported-book")
    closed(binary, ROOT / "sample-data" / PERIOD, work / "book")
    for name in TABLES:
        of = [f"select * from '{work / book / PERIOD / 'tables' / name}.parquet'" for book in ("exported-book", "book")]
        for one, other in (of, reversed(of)):
            differs = duckdb.sql(f"{one} except all {other}").fetchall()
            # Rows of XPCC come along in every export.
            differs = [row for row in differs if not {"Z-CORPS", "659001", "66", "65"} & set(map(str, row))
                       and not any("-66-65" in str(cell) or "-65-66" in str(cell) for cell in row)]
            expect(differs, [], f"{name} from an export and from the sample")


def refusals(work):
    """What is no whole number of fen, or a floating point number, does not get through; nor does text."""
    with duckdb.connect() as connection:
        sql = filled("duckdb.sql", EXPORT="", FILE="").split("CREATE OR REPLACE TEMP VIEW")[0]
        connection.execute(sql)
        good = ["'1.10'", "'-0.01'", "1.10::DECIMAL(38,10)", "''", "NULL", "99999999999999.99::DECIMAL(16,2)"]
        bad = ["'1.005'", "0.1::DOUBLE + 0.2", "'1,000.00'", "'￥5'", "100000000000000"]
        for value, fits in [(value, True) for value in good] + [(value, False) for value in bad]:
            try:
                connection.execute(f"SELECT fen({value})").fetchall()
                went = True
            except duckdb.Error:
                went = False
            expect(went, fits, f"fen({value}) goes through")


def tried(database, statement, binary, work):
    totals = []
    for name, rows in sample():
        totals.append(exported(database, statement, name, rows, work))
        of_csv(name, work)
    with (work / "delivery/control-totals.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["file", "rows", *SUMS], *totals])
    months(binary, work / "delivery", work)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    binary, work = arguments.binary.absolute(), arguments.work.absolute()
    work.mkdir()
    # The server is another user's.
    servers = work / "servers"
    servers.mkdir()
    work.chmod(0o755)
    servers.chmod(0o777)
    refusals(work)
    required = os.environ.get("CI") == "true" or os.environ.get("LIANGQING_TOOLS") == "required"
    for database, program, package in [(PostgreSQL, "psql", "postgresql"), (MariaDB, "mariadbd", "")]:
        if not shutil.which(program):
            if required and package:
                raise SystemExit(f"there is no {program}; install the Debian package {package}")
            print(f"not tried, for there is no {program}: the statements for it")
            continue
        server = database(servers)
        try:
            for statement in database.statements:
                tried(server, statement, binary, work / statement)
                print(f"{statement}: exported from {database.__name__}, made Parquet, closed as the sample")
        finally:
            server.server.terminate()
            server.server.wait()


if __name__ == "__main__":
    sys.exit(main())
