//! A scene: the persons, institutions, settlements and filings of one planted case, and the leads that it gives.
#![expect(clippy::cast_possible_truncation, reason = "small tables")]

use super::super::{
    draw::{Draw, hash_at},
    extra::ExtraFields,
    row::{PersonForm, SyntheticId, SyntheticRow},
};
use super::{
    bill::{Bill, bill},
    filing::{Filing, PlannedFiling},
    land::{ReviewLand, Site, XIAN, first_day, has_employee_set, yymmdd},
    person::ReviewPerson,
    quiet::CARE,
};
use crate::model::codes::{CareClass, Month, PROVINCES, Province};

/// The number of a row in its scene.
pub(super) type Line = usize;

/// A planted row.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlantedRow {
    /// The row.
    pub(super) row: SyntheticRow,
    /// Its further columns.
    pub(super) extra: ExtraFields,
    /// The place of the insured and of the treating province among the 32.
    pub(super) pair: (usize, usize),
}

/// What all scenes made.
#[derive(Default)]
pub(super) struct Cast {
    /// The rows, in the order in which they were made.
    pub(super) rows: Vec<PlantedRow>,
    /// The filings.
    pub(super) filings: Vec<Filing>,
    /// The leads: rule and rows.
    pub(super) leads: Vec<(&'static str, Vec<usize>)>,
    persons: u64,
}

/// One planted case that is being made.
pub(super) struct Scene<'c> {
    land: &'c mut ReviewLand,
    cast: &'c mut Cast,
    draw: Draw,
    /// The number of the scene among those of its rule.
    number: u64,
    /// The month of the scene, by place.
    pub(super) month: usize,
    /// The insured and the treating province of the scene, by place.
    pub(super) home: usize,
    pub(super) treating: usize,
    /// Whether persons of the scene get a filing to each province that treats them.
    pub(super) files: bool,
    filed: Vec<(u64, usize)>,
}

impl<'c> Scene<'c> {
    /// Begins the scene with this number of a rule.
    pub(super) fn new(
        land: &'c mut ReviewLand,
        cast: &'c mut Cast,
        rule: u64,
        number: u64,
    ) -> Scene<'c> {
        let mut draw = Draw::new(hash_at(hash_at(land.seed, 1 << 44 | rule), number));
        let treating = (number + 3 * rule) as usize % 32;
        let home = (treating + 1 + draw.below(31) as usize) % 32;
        let month = (number / 32 + number) as usize % land.months.len();
        let filed = Vec::new();
        Scene { land, cast, draw, number, month, home, treating, files: true, filed }
    }

    /// Returns the country.
    pub(super) const fn land(&self) -> &ReviewLand {
        self.land
    }

    /// Returns the number of the scene among those of its rule.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Returns a number below a limit.
    pub(super) const fn below(&mut self, limit: u64) -> u64 {
        self.draw.below(limit)
    }

    /// Moves the scene to another insured province than those given.
    pub(super) fn live_outside(&mut self, provinces: &[usize]) {
        while provinces.contains(&self.home) {
            self.home = (self.home + 1) % 32;
        }
    }

    /// Returns a day of the scene's month from which `length` days lie in the month.
    pub(super) fn day_of_month(&mut self, length: i64) -> i64 {
        let month = self.land.months[self.month];
        let (first, next) = (first_day(month), first_day(month.plus(1)));
        first + self.draw.below((next - first - length + 1).unsigned_abs()).cast_signed()
    }

    /// Returns a day from which `length` days lie in the months that are made.
    pub(super) fn day(&mut self, length: i64) -> i64 {
        let (first, next) = self.land.span();
        first + self.draw.below((next - first - length + 1).unsigned_abs()).cast_signed()
    }

    /// Returns the last day of a quarter after which another month is made, if there is one.
    pub(super) fn end_of_quarter(&self) -> Option<i64> {
        let ends = |month: &&Month| month.of_year().is_multiple_of(3);
        let months = &self.land.months;
        let end = months[..months.len() - 1].iter().filter(ends).nth(self.number as usize % 2);
        let end = end.or_else(|| months[..months.len() - 1].iter().find(ends));
        end.map(|month| first_day(month.plus(1)) - 1)
    }

    /// Makes a resident.
    pub(super) fn person(&mut self) -> ReviewPerson {
        let homes = self.land.homes(self.home);
        let home = homes[self.draw.below(homes.len() as u64) as usize];
        self.person_of(home, false)
    }

    /// Makes an employee of an area without a rule set.
    pub(super) fn employee(&mut self) -> ReviewPerson {
        let homes = self.land.homes(self.home).iter().copied();
        let mut free = homes.filter(|home| {
            !has_employee_set(self.land.number(*home)) && self.land.number(*home) / 100 != XIAN
        });
        if let Some(home) = free.next() {
            return self.person_of(home, true);
        }
        self.home = (self.home + 1) % 32;
        self.live_outside(&[self.treating]);
        self.employee()
    }

    /// Makes a person of a division.
    pub(super) fn person_of(&mut self, home: u32, employee: bool) -> ReviewPerson {
        let serial = 9_000_000_000 + self.cast.persons;
        self.cast.persons += 1;
        ReviewPerson {
            home,
            division: self.land.number(home),
            number: ReviewPerson::spread(serial),
            employee,
            retired: false,
            hash: hash_at(self.land.seed ^ 0xCA57, serial),
        }
    }

    /// Makes a hospital or pharmacy of the scene in a province; `level` is a code of `hosp_lv`.
    pub(super) fn site_of(&mut self, letter: char, province: usize, level: Option<u32>) -> Site {
        let place = self.land.hospital(province, 0).division;
        self.land.plant(letter, place, level)
    }

    /// Makes an institution of the scene in a division.
    pub(super) fn site_in(&mut self, letter: char, division: u32, level: Option<u32>) -> Site {
        self.land.plant(letter, division, level)
    }

    /// Makes a hospital of the scene.
    pub(super) fn hospital(&mut self) -> Site {
        self.site_of('H', self.treating, Some(1))
    }

    /// Makes a pharmacy of the scene.
    pub(super) fn pharmacy(&mut self) -> Site {
        self.site_of('P', self.treating, None)
    }

    /// Adds a settlement of a day: 300.00 yuan, of which the fund pays 150.00.
    pub(super) fn settle(
        &mut self,
        who: &ReviewPerson,
        site: Site,
        care: CareClass,
        day: i64,
    ) -> Line {
        let number = self.cast.rows.len() as u64;
        let province = |division| province_of(self.land.number(division));
        let pair = (province(who.home), province(site.division));
        let row = SyntheticRow {
            id: SyntheticId {
                insured: who.division,
                treating: self.land.number(site.division),
                day: yymmdd(day),
                origin: 50,
                serial: number,
            },
            init: None,
            person_division: who.division,
            person: who.number,
            person_form: PersonForm::Plain,
            insured: who.home,
            treating: site.division,
            institution: site.code,
            insutype: who.insurance(),
            med_type: CARE[care as usize],
            disease: (care == CareClass::Chronic).then_some(0),
            stay: 0,
            time: day * 86_400 + 32_400 + (number % 27_000).cast_signed(),
            refunded: false,
            manual: false,
            amounts: bill(30_000, 15_000, 0),
        };
        let mut extra = who.extra(self.land.span().0);
        extra.level = site.level;
        if care != CareClass::Inpatient {
            extra.emergency = Some(0);
        }
        if self.files && !self.filed.contains(&(who.number, pair.1)) {
            self.filed.push((who.number, pair.1));
            let place = whole_province(pair.1);
            self.file(Filing::new(who, place, PlannedFiling::Temporary, self.land.span()));
        }
        self.cast.rows.push(PlantedRow { row, extra, pair });
        self.cast.rows.len() - 1
    }

    /// Adds a visit.
    pub(super) fn visit(&mut self, who: &ReviewPerson, site: Site, day: i64) -> Line {
        self.settle(who, site, CareClass::Outpatient, day)
    }

    /// Adds a purchase.
    pub(super) fn purchase(&mut self, who: &ReviewPerson, site: Site, day: i64) -> Line {
        self.settle(who, site, CareClass::Pharmacy, day)
    }

    /// Adds a chronic settlement; `disease` is the place of the disease.
    pub(super) fn chronic(
        &mut self,
        who: &ReviewPerson,
        site: Site,
        (day, disease): (i64, u32),
    ) -> Line {
        let line = self.settle(who, site, CareClass::Chronic, day);
        self.row(line).row.disease = Some(disease);
        line
    }

    /// Adds a stay: 8,000.00 yuan, of which the fund pays 5,000.00.
    pub(super) fn stay(
        &mut self,
        who: &ReviewPerson,
        site: Site,
        (begin, end): (i64, i64),
    ) -> Line {
        let line = self.settle(who, site, CareClass::Inpatient, end);
        self.pay(line, 800_000, 500_000);
        let planted = self.row(line);
        planted.row.stay = u32::try_from(end - begin).unwrap_or_default();
        planted.extra.mid = Some(0);
        line
    }

    /// Adds the reversal of a settlement, a quarter of an hour later or on another day.
    pub(super) fn reverse(&mut self, line: Line, day: Option<i64>) -> Line {
        let mut planted = self.cast.rows[line];
        let original = planted.row.id;
        planted.row = planted.row.negated();
        planted.row.init = Some(original);
        planted.row.refunded = true;
        planted.row.time = match day {
            Some(day) => day * 86_400 + planted.row.time.rem_euclid(86_400),
            None => planted.row.time + 900,
        };
        planted.row.id.serial = self.cast.rows.len() as u64;
        planted.row.id.day = yymmdd(planted.row.time.div_euclid(86_400));
        self.cast.rows[line].row.refunded = true;
        self.cast.rows.push(planted);
        self.cast.rows.len() - 1
    }

    /// Sets the cost and what the basic fund pays of it.
    pub(super) fn pay(&mut self, line: Line, cost: i64, basic: i64) {
        self.bill(line, bill(cost, basic, 0));
    }

    /// Sets the amounts of a row.
    pub(super) fn bill(&mut self, line: Line, amounts: Bill) {
        self.row(line).row.amounts = amounts;
    }

    /// Sets the second of the day on which a row was settled.
    pub(super) fn at(&mut self, line: Line, second: i64) {
        let row = &mut self.row(line).row;
        row.time = row.time.div_euclid(86_400) * 86_400 + second;
    }

    /// Returns a row, to change it.
    pub(super) fn row(&mut self, line: Line) -> &mut PlantedRow {
        &mut self.cast.rows[line]
    }

    /// Adds a filing.
    pub(super) fn file(&mut self, filing: Filing) {
        self.cast.filings.push(filing);
    }

    /// Enters a lead of a rule into the answer key.
    pub(super) fn lead(&mut self, rule: &'static str, lines: &[Line]) {
        self.cast.leads.push((rule, lines.to_vec()));
    }
}

/// Returns the number of the division that stands for all of a province.
pub(super) fn whole_province(province: usize) -> u32 {
    u32::from(PROVINCES[province].0) * 10_000
}

/// Returns the place of the province of a division.
fn province_of(division: u32) -> usize {
    Province::of_division(division.to_string().as_bytes()).map_or(0, Province::index)
}
