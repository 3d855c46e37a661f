"""Looks at the page of `liangqing report` in a real browser: draws, switches, prints, asks for nothing.

    check.py --binary target/debug/liangqing --book BOOK --period 2025-12 --work DIR [--axe axe.min.js]

BOOK is a book of closed periods. Pictures and a PDF stay in DIR. Needs DuckDB and Chromium.
"""

import argparse
import os
import subprocess
import sys
import time

import browser
import duckdb
from checks import Checks, chromium

CHARTS = "[...document.querySelectorAll('[data-chart]')].map(c => [c.dataset.chart, c.querySelectorAll('svg path').length])"
VISIBLE = "[...document.querySelectorAll('h2')].map(h => h.innerText)"
COLOUR = "getComputedStyle(document.body).backgroundColor"


def grouped(value):
    return f"{value:,.2f}"


def look(tab, checks, name):
    """What has to hold of any page in any guise."""
    charts = tab.run(CHARTS)
    checks.that(len(charts) >= 5, f"{name}: there are charts")
    for chart, shapes in charts:
        checks.that(shapes > 0, f"{name}: {chart} is drawn")
    checks.page(tab, name)


def languages(tab, checks):
    chinese = tab.run(VISIBLE)
    tab.run("document.querySelector('[data-set-lang=en]').click()")
    english = tab.run(VISIBLE)
    checks.that(chinese[0] == "要点" and english[0] == "Summary", f"languages: {chinese[0]}, {english[0]}")
    checks.that(len(chinese) == len(english) >= 10, "languages: the same headings")
    left = tab.run("document.body.innerText.match(/[\\u4e00-\\u9fff]+/g)")
    checks.that(set(left or []) <= {"中文"}, f"languages: left in Chinese: {left}")
    drawn = tab.run("[...document.querySelectorAll('svg text')].map(t => t.textContent).join(' ')")
    checks.that(not any("\u4e00" <= letter <= "\u9fff" for letter in drawn), "languages: charts in English")
    checks.that(tab.run("document.documentElement.lang") == "en", "languages: the page says so")
    tab.run("document.querySelector('[data-set-lang=zh]').click()")


def themes(tab, checks):
    light = tab.run(COLOUR)
    tab.run("document.querySelector('[data-theme-switch]').click()")
    dark = tab.run(COLOUR)
    checks.that(light == "rgb(255, 255, 255)" != dark, f"themes: {light}, {dark}")
    tab.run("document.querySelector('[data-theme-switch]').click()")
    checks.that(tab.run(COLOUR) == light, "themes: back again")
    # The next page is to go by the system again.
    tab.run("localStorage.clear()")


def figures(tab, checks, folder):
    """Figures that people read are those of the tables."""
    table = f"'{folder}/tables"
    shown = tab.run("document.querySelector('.cards').innerText")
    pairs = duckdb.sql(f"select sum(payable), sum(gross), sum(deductions) from {table}/pairs.parquet'").fetchall()[0]
    for value in pairs:
        checks.that(grouped(value) in shown, f"figures: {grouped(value)} in the headline")
    rows = "[...document.querySelectorAll('#provinces tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
    rows = tab.run(rows)
    for column, province in ((1, "insured_province"), (2, "treating_province")):
        sums = f"select {province}, sum(payable) from {table}/pairs.parquet' group by all"
        expected = sorted(grouped(value) for _, value in duckdb.sql(sums).fetchall())
        found = sorted(row[column] for row in rows if row[column] != "0.00")
        checks.that([v for v in expected if v != "0.00"] == found, f"figures: {province} by province")
    classes = f"""select count(*), sum(abs(effect)) from {table}/breaks.parquet' group by class order by all"""
    expected = [[f"{count:,}", grouped(stake)] for count, stake in duckdb.sql(classes).fetchall()]
    found = "[...document.querySelectorAll('#classes-table + .scroll tbody tr')].map(r => [r.cells[1].textContent, r.cells[3].textContent])"
    checks.that(sorted(expected) == sorted(tab.run(found)), "figures: breaks by class")


def keyboard(tab, checks):
    """The first stop leads to the report, and what has the focus can be seen."""
    tab.run("document.activeElement.blur()")
    key = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
    tab.send("Input.dispatchKeyEvent", type="keyDown", **key)
    tab.send("Input.dispatchKeyEvent", type="keyUp", **key)
    stop = tab.run("[document.activeElement.className, getComputedStyle(document.activeElement).outlineStyle]")
    checks.that(stop == ["skip", "solid"], f"keyboard: the first stop is {stop}")


def accessible(tab, checks, axe):
    with open(axe, encoding="utf-8") as file:
        tab.send("Runtime.evaluate", expression=file.read())
    script = "axe.run(document).then(r => r.violations.map(v => `${v.id} (${v.nodes.length}) ${v.nodes[0].html.slice(0, 120)}`))"
    for violation in tab.run(script):
        checks.failed.append(f"axe: {violation}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--book", required=True)
    parser.add_argument("--period", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--axe")
    arguments = parser.parse_args()
    program, status = chromium("the report")
    if program is None:
        return status
    os.makedirs(arguments.work, exist_ok=True)
    out = os.path.abspath(os.path.join(arguments.work, f"report-{arguments.period}.html"))
    subprocess.run([arguments.binary, "report", "--book", arguments.book, "--period", arguments.period,
                    "--out", out, "--force"], check=True, stdout=subprocess.DEVNULL)
    checks = Checks()
    window = browser.Browser(program)
    try:
        for name, width, dark, lang in [("light", 1440, False, "zh"), ("dark", 1440, True, "en"),
                                        ("phone", 390, False, "zh"), ("phone-dark", 390, True, "en")]:
            tab = browser.Tab(window, width=width, dark=dark)
            tab.open(f"file://{out}#lang={lang}")
            time.sleep(0.3)
            look(tab, checks, name)
            checks.that((tab.run(COLOUR) != "rgb(255, 255, 255)") == dark, f"{name}: dark is {dark}")
            tab.picture(os.path.join(arguments.work, f"{name}.png"))
            if arguments.axe:
                accessible(tab, checks, arguments.axe)
            if name == "light":
                keyboard(tab, checks)
                languages(tab, checks)
                themes(tab, checks)
                figures(tab, checks, os.path.join(arguments.book, arguments.period))
                paper = tab.print(os.path.join(arguments.work, "print.pdf"))
                checks.that(paper.startswith(b"%PDF-") and len(paper) > 50_000, "print: a PDF")
                look(tab, checks, "after printing")
            tab.close()
    finally:
        window.close()
    return checks.told(
        f"the report of {arguments.period} was looked at in a browser: charts, languages, themes, figures, print")


if __name__ == "__main__":
    sys.exit(main())
