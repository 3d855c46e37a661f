# SPDX-License-Identifier: Apache-2.0
"""What the insured place should have paid, by trying every combination of facts (section 6 of review.md)."""
import itertools
from fractions import Fraction

from inputs import LEVELS

CLASSES = ["long_term", "deemed", "emergency", "transfer", "temporary", "none"]
OTHER = "another"                 # a value that no table names


def half_up(v):
    return (2 * v.numerator + v.denominator) // (2 * v.denominator) if isinstance(v, Fraction) else v


def level_fits(want, have):
    return want == have or want == "3" and have in ("3A", "3B") or \
        want == "community" and have in ("village", "township")


def stay_fits(want, have):
    return have is not None and (have >= int(want[:-1]) if want.endswith("+") else have == int(want))


def fits(row, facts):
    for key, cells in row.fit.items():
        if key == "age_from":
            ok = facts["age"] >= cells[0]
        elif key == "age_below":
            ok = facts["age"] < cells[0]
        elif key == "months_insured_from":
            ok = facts["months"] >= cells[0]
        elif key == "level":
            ok = any(level_fits(c, facts["level"]) for c in cells)
        elif key == "stay":
            ok = facts["care_class"] == "inpatient" and any(stay_fits(c, facts["stay"]) for c in cells)
        else:
            fact = {"institutions": "institution"}.get(key, key)
            ok = facts[fact] in cells
        if not ok:
            return False
    return True


def first(rows, facts):
    return next((r for r in rows if fits(r, facts)), None)


class Combination:
    """The rows of a set that facts select; None where a table has none."""
    def __init__(self, bset, facts):
        t = bset.tables
        self.remote = first(t["remote"], facts)
        self.home = facts["filing"] in ("long_term", "deemed")
        self.deductible = first(t["deductible"], facts)
        self.cap = first(t["cap"], facts)
        self.bands = bands([r for r in t["ratio"] if fits(r, facts)])
        self.effect = self.remote.effect if self.remote else (Fraction(0), Fraction(1), Fraction(0), Fraction(1))
        # A rate for every amount, and a row of `remote` where it is needed
        self.rated = self.bands is not None and (self.home or self.remote is not None)

    def allowed(self, days):
        """Spans (from, to) of deductibles that are right, in fen; None without a row."""
        d = self.deductible
        if d is None:
            return None
        factor = self.effect[3]
        if d.or_less:
            return [(0, half_up(d.amount * factor))]
        most = 1 + (days // d.again_days if d.again_days and days is not None and days >= 0 else 0)
        return [(v, v) for v in (half_up(d.amount * n * factor) for n in range(1, most + 1))]

    def judged(self, act):
        return self.rated and (act is not None or self.deductible is not None)

    def pays(self, scope, act, days):
        """Least and most that the fund pays."""
        points, factor, share, _ = self.effect
        paid = []
        for d in ([act] if act is not None else {v for span in self.allowed(days) for v in span}):
            x = Fraction(scope) * (100 - share) / 100 - d
            if x <= 0:
                paid.append(0)
                continue
            borders = [b for b, _ in self.bands]
            used = {Fraction(b) for b in borders} | {b - x for b in borders if b >= x} | {Fraction(borders[-1] + 1)}
            for u in used:
                v = (self.sum_to(u + x, points) - self.sum_to(u, points)) * factor
                if self.cap and self.cap.visit is not None:
                    v = min(v, Fraction(self.cap.visit))
                paid.append(half_up(Fraction(v)))
        return min(paid), max(paid)

    def sum_to(self, amount, points):
        total, borders = Fraction(0), self.bands
        for i, (low, percent) in enumerate(borders):
            high = borders[i + 1][0] if i + 1 < len(borders) else amount
            if amount > low:
                rate = max(Fraction(0), min(Fraction(100), percent + points))
                total += (min(amount, high) - low) * rate / 100
        return total


def bands(rows):
    """[(lower border, percent)] of what is paid for each piece; None where a piece has no row."""
    borders = sorted({0} | {r.above for r in rows} | {r.upto for r in rows if r.upto is not None})
    out = []
    for i, low in enumerate(borders):
        high = borders[i + 1] if i + 1 < len(borders) else None
        row = next((r for r in rows if r.above <= low and
                    (r.upto is None or high is not None and high <= r.upto)), None)
        if row is None:
            return None
        out.append((low, row.percent))
    return out


class Facts:
    """Every value that each fact of a settlement may have, seen through one set."""
    def __init__(self, bset, s):
        rows = [r for t in bset.tables.values() for r in t] + bset.layers
        named = {}
        for r in rows:
            for key, cells in r.fit.items():
                named.setdefault(key, set()).update(cells)
        text = lambda key: sorted(named.get(key, set())) + [OTHER]
        numbers = lambda *keys: sorted({0}.union(*(named.get(k, set()) for k in keys)))
        level = s["level"]
        self.level = {None: text("level"), "3": ["3", "3A", "3B"],
                      "community": ["community", "village", "township"]}.get(level, [level])
        self.person = [s["person"]] if s["person"] else text("person")
        self.age = [s["age_years"]] if s["age_years"] is not None else numbers("age_from", "age_below")
        self.grade = [s["clct_grde"]] if s["clct_grde"] else text("grade")
        last = max([int(c.rstrip("+")) for c in named.get("stay", [])], default=0)
        self.stay = [s["stay_no"]] if s["stay_no"] is not None else list(range(1, last + 2))
        self.networked = [s["networked"]] if s["networked"] is not None else [True, False]
        self.months = numbers("months_insured_from")
        self.fixed = {"disease": s["dise_codg"], "institution": s["fixmedins_code"]}
        # A fact that no table names has no influence: one value stands for all
        names = set(named)
        if "level" not in names:
            self.level = [OTHER]
        if "person" not in names:
            self.person = [OTHER]
        if not names & {"age_from", "age_below"}:
            self.age = [0]
        if "grade" not in names:
            self.grade = [OTHER]
        if "stay" not in names:
            self.stay = [1]
        if "networked" not in names:
            self.networked = [True]
        self.bset = bset

    def all(self, care_class, classes):
        """{class: [combination]}, the combinations of all classes in the same order of facts."""
        known = self.bset.__dict__.setdefault("cache", {})
        out = {}
        for c in classes:
            out[c] = []
            for level, person, age, grade, stay, networked, months in itertools.product(
                    self.level, self.person, self.age, self.grade,
                    self.stay if care_class == "inpatient" else [None], self.networked, self.months):
                key = (care_class, c, level, person, age, grade, stay, networked, months, *self.fixed.values())
                if key not in known:
                    known[key] = Combination(self.bset, {
                        "care_class": care_class, "filing": c, "level": level, "person": person, "age": age,
                        "grade": grade, "stay": stay, "networked": networked, "months": months, **self.fixed})
                out[c].append(known[key])
        return out


def classes_of(s):
    """Every class that a settlement may have."""
    if s["class"] != "unknown":
        return [s["class"]]
    return CLASSES[:3] if s["emergency"] else CLASSES


def span_of(combinations, s):
    """(lo, hi) of the combinations of one class that are judged, None when there are none."""
    left = [c for c in combinations if c.judged(s["act_pay_dedc"])]
    if not left or s["inscp_scp_amt"] is None:
        return None
    pays = [c.pays(s["inscp_scp_amt"], s["act_pay_dedc"], s["days"]) for c in left]
    return min(p[0] for p in pays), max(p[1] for p in pays)


class Judgement:
    """What section 6 says of one settlement: range, deductibles, and the class that fits in its place."""
    def __init__(self, bset, s):
        self.s, self.bset = s, bset
        self.facts = Facts(bset, s)
        own = classes_of(s)
        by_class = self.facts.all(s["care_class"], own)
        spans = [span_of(by_class[c], s) for c in own]
        self.span = None if None in spans else (min(x[0] for x in spans), max(x[1] for x in spans))
        left = [c for k in own for c in by_class[k] if c.judged(s["act_pay_dedc"])]
        # Deductibles are judged where the settlement is: each class has a combination
        self.allowed = sorted({x for c in left for x in c.allowed(s["days"]) or []}) if self.span else []
        self.own = by_class

    def least_allowed(self):
        return self.allowed[0][0] if self.allowed else None

    def allows(self, amount):
        return any(a <= amount <= b for a, b in self.allowed)

    def nearest(self, amount, whole=None):
        """The nearest amount that is right; `whole` is an in-scope amount that is all paid by the person."""
        points = [min(max(amount, a), b) for a, b in self.allowed] + ([] if whole is None else [whole])
        return min(points, key=lambda p: (abs(p - amount), p))

    def distance(self):
        paid, (lo, hi) = self.s["hifp_pay"], self.span
        return max(lo - paid, paid - hi, 0)

    def other_class(self, tolerance):
        """The first other class that what was paid fits, with another row of `remote` (BEN-03)."""
        s = self.s
        if s["class"] == "unknown":
            return None
        for c in ("long_term", "emergency", "transfer", "temporary", "none"):
            if c == s["class"]:
                continue
            other = self.facts.all(s["care_class"], [c])[c]
            span = span_of(other, s)
            act = s["act_pay_dedc"]
            pairs = [(a, b) for a, b in zip(self.own[s["class"]], other) if a.judged(act) and b.judged(act)]
            if span is None or all(a.effect == b.effect for a, b in pairs):
                continue
            apart = span[1] < self.span[0] or self.span[1] < span[0]
            if apart and span[0] - tolerance <= s["hifp_pay"] <= span[1] + tolerance:
                return c
        return None


def cap_rows(bset, s, day):
    """{care class: (number of the cap row, cap in fen)}: the highest that may fit the facts of a settlement."""
    out, facts = {}, Facts(bset, s)
    rows = bset.tables["cap"]
    for care in ("inpatient", "outpatient", "chronic", "pharmacy"):
        by_class = facts.all(care, classes_of(s))
        may = {rows.index(c.cap) for k in by_class for c in by_class[k] if c.cap}
        amounts = [(n, year_cap(bset, rows[n], day)) for n in sorted(may)]
        amounts = [(n, v) for n, v in amounts if v is not None]
        if amounts:
            out[care] = max(amounts, key=lambda x: (x[1], -x[0]))
    return out


def year_cap(bset, row, day):
    if row.year is not None:
        return row.year
    wages = [amount for since, amount in bset.wage if since <= day]
    if row.wage_times is None or not wages:
        return None
    return half_up(row.wage_times * wages[-1])


assert OTHER not in LEVELS
