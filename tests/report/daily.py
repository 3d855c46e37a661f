"""Looks at the page of `liangqing daily` in a real browser: a month of the whole nation, and one without differences.

    daily.py --binary target/debug/liangqing --work DIR

Makes the month by `synth --coordination`. Pictures and a PDF stay in DIR. Needs DuckDB and Chromium.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time

import browser
import duckdb
from checks import Checks, chromium

# At least so many of the 32 provinces have something to look at, and of the 992 pairs a settlement of the month.
PERIOD, DAYS, PROVINCES, PAIRS = "2025-10", 31, 28, 980
# Of every box with text of its own: those whose text is wider or higher than they are, or is wider than the screen.
OUTSIDE = """[...document.querySelectorAll('body *')].filter(e => {
  if (!e.getClientRects().length || getComputedStyle(e).display === 'inline') return false;
  if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) return false;
  if (e.closest('.scroll') || e.matches('.skip')) return false;
  const range = document.createRange();
  range.selectNodeContents(e);
  const text = range.getBoundingClientRect(), box = e.getBoundingClientRect();
  return text.right > box.right + 1 || text.bottom > box.bottom + 1 || box.right > window.innerWidth + 1;
}).map(e => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 60)}`)"""
# Tables may be wider than the screen in a box that scrolls; their cells hold their text all the same.
CELLS = """[...document.querySelectorAll('td, th')].filter(e => e.getClientRects().length && e.scrollWidth > e.clientWidth + 1)
  .map(e => e.textContent.trim().slice(0, 60))"""
CALENDAR = "[...document.querySelectorAll('.cell')].map(c => [c.querySelector('b').innerText, c.querySelector('span').innerText])"
HEADINGS = "[...document.querySelectorAll('h1, h2, h3')].map(h => h.innerText)"
# What stands above the first fold.
SEEN = """(selector => { const e = document.querySelector(selector), box = e && e.getBoundingClientRect();
  return !!e && box.height > 0 && box.bottom <= window.innerHeight; })"""


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def made(binary, work, breaks):
    """The result of a month of the nation; the days of one without differences agree."""
    name = "nation" if breaks else "quiet"
    months, out = os.path.join(work, f"{name}-months"), os.path.join(work, name)
    run(binary, "synth", "--quiet", "--coordination", "--period", PERIOD, "--settlements", "120000" if breaks else "1000",
        "--out", months)
    folder = os.path.join(months, PERIOD)
    if not breaks:
        # The same copy on three sides: everything agrees.
        for side in ("national", "insured"):
            shutil.rmtree(os.path.join(folder, side))
            os.mkdir(os.path.join(folder, side))
        os.remove(os.path.join(folder, "control-totals.csv"))
        rows = f"read_parquet('{folder}/treating/*.parquet')"
        whole = f"select distinct on (setl_id) * from {rows} where mdtrtarea_admvs similar to '[1-6][0-9]{{5}}'"
        for side in ("national", "insured"):
            duckdb.sql(f"copy (select *, '{side}' as mark from ({whole})) to '{folder}/{side}/a.parquet' (format parquet)")
        shutil.rmtree(os.path.join(folder, "treating"))
        os.mkdir(os.path.join(folder, "treating"))
        duckdb.sql(f"copy (select * exclude mark from '{folder}/insured/a.parquet') to '{folder}/treating/a.parquet' (format parquet)")
    run(binary, "daily", "--quiet", "--period", PERIOD, "--input", folder, "--out", out)
    return out


def look(tab, checks, name):
    """What has to hold of the page in any guise."""
    checks.page(tab, name)
    for text in tab.run(OUTSIDE) + tab.run(CELLS):
        checks.failed.append(f"{name}: outside of its box: {text}")
    cells = tab.run(CALENDAR)
    checks.that([int(number) for number, _ in cells] == list(range(1, DAYS + 1)), f"{name}: a cell for each day")
    checks.that(all(said for _, said in cells), f"{name}: every day says how it stands")


def figures(tab, checks, out):
    """Figures that people read are those of the table."""
    table = f"'{out}/differences.parquet'"
    by_day = dict(duckdb.sql(f"select day(day), count(*) from {table} group by all").fetchall())
    for number, said in tab.run(CALENDAR):
        open_ones = by_day.get(int(number), 0)
        checks.that(open_ones == 0 or f"{open_ones:,}" in said, f"figures: day {number} has {open_ones}, says {said}")
    sides = [("treating", "treating_province"), ("insured", "insured_province")]
    looks = " union all ".join(
        f"select {province} p, setl_id from {table} where contains(look, '{side}')" for side, province in sides)
    expected = sorted(f"{n:,}" for _, n in duckdb.sql(f"select p, count(*) from ({looks}) group by all").fetchall())
    found = tab.run("[...document.querySelectorAll('#provinces tbody tr')].map(r => r.cells[1].innerText)")
    checks.that(sorted(found) == expected and len(found) >= PROVINCES, f"figures: {len(found)} provinces look")
    pairs = duckdb.sql(f"select count(distinct (insured_province, treating_province)) from '{out}/days.parquet'")
    checks.that(pairs.fetchall()[0][0] >= PAIRS, "figures: nearly every pair of provinces")


def first_screen(tab, checks, name):
    """Who must look at what before the 3rd is seen without scrolling."""
    for selector in (".answers", ".oldest li:last-child .what", ".answer .lead", ".answer strong"):
        checks.that(tab.run(f"{SEEN}('{selector}')"), f"{name}: {selector} is on the first screen")
    listed = tab.run("document.querySelectorAll('.oldest li').length")
    checks.that(listed == 5, f"{name}: {listed} provinces on the first screen")


def languages(tab, checks):
    chinese = tab.run(HEADINGS)
    tab.run("document.querySelector('[data-set-lang=en]').click()")
    english = tab.run(HEADINGS)
    left = set(tab.run("document.body.innerText.match(/[\\u4e00-\\u9fff]+/g)") or [])
    checks.that(left <= {"中文"}, f"languages: left in Chinese: {left}")
    checks.that(len(chinese) == len(english) and not set(chinese) & set(english), "languages: the same headings")
    checks.that(tab.run("document.documentElement.lang") == "en", "languages: the page says so")
    tab.run("document.querySelector('[data-set-lang=zh]').click()")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    program, status = chromium("the page of daily")
    if program is None:
        return status
    os.makedirs(arguments.work, exist_ok=True)
    work = os.path.abspath(arguments.work)
    binary = os.path.abspath(arguments.binary)
    nation, quiet = made(binary, work, True), made(binary, work, False)
    checks = Checks()
    window = browser.Browser(program)
    try:
        for name, width, dark, lang in [("light", 1440, False, "zh"), ("english", 1440, False, "en"),
                                        ("narrow", 1024, True, "en"), ("phone", 390, False, "zh"),
                                        ("phone-dark", 390, True, "en")]:
            for month, out in (("nation", nation), ("quiet", quiet)):
                tab = browser.Tab(window, width=width, dark=dark)
                tab.open(f"file://{out}/daily.html#lang={lang}")
                time.sleep(0.2)
                look(tab, checks, f"{month} {name}")
                if month == "nation" and width >= 1024:
                    first_screen(tab, checks, name)
                tab.picture(os.path.join(work, f"{month}-{name}.png"))
                if (month, name) == ("nation", "light"):
                    figures(tab, checks, out)
                    languages(tab, checks)
                    paper = tab.print(os.path.join(work, "daily.pdf"))
                    checks.that(paper.startswith(b"%PDF-") and len(paper) > 20_000, "print: a PDF")
                    look(tab, checks, "after printing")
                tab.close()
    finally:
        window.close()
    return checks.told("the page of daily was looked at in a browser: calendar, first screen, figures, languages, print")


if __name__ == "__main__":
    sys.exit(main())
