//! Runs the `[[test]]` blocks of a rules file, by which the authors of rules test them (docs/rules.md).

use crate::{
    diag::{Code, Finding},
    model::{
        codes::{CareClass, FundClass},
        fields::{Amounts, COMPARED_AMOUNTS},
        money::FenSum,
    },
    reserve::{Level, notices::Dates, quotas::yearly_quota},
    rules::{
        Policy, Rules,
        test_block::{Day, Expectation, TestBlock, TestGiven, Yuan},
    },
    text::{Text, list},
};

/// Returns a finding for each failed expectation of a rules file: the line of the file, the actual value, the expected
/// value, and the article.
pub fn failures(rules: &Rules, file: &str) -> Vec<Finding> {
    rules.tests.iter().flat_map(|test| failures_of(test, rules, file)).collect()
}

fn failures_of(test: &TestBlock, rules: &Rules, file: &str) -> Vec<Finding> {
    let source = test.source.get_ref();
    let finding = |at: usize, found: Text| {
        let line = rules.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        Finding::new(Code::L01, file, text!("line {}", line), text!("{} ({})", found, source))
    };
    let policy = match rules.policy(test.period.0) {
        Ok(policy) => policy,
        Err(error) => return vec![finding(test.source.span().start, text!("{}", list(error.0)))],
    };
    let wrong = test.expect.all().into_iter().filter_map(|Expectation { key, span, value }| {
        let found = match outcome(key, test, policy, rules) {
            Some(found) if found == value => return None,
            Some(found) => text!("{} = {} in place of {}", key, found, value),
            None => text!("{} without what it follows from", key),
        };
        Some(finding(span.start, found))
    });
    wrong.collect()
}

/// Computes the value for an expectation as text, or `None` when an input of it is not given.
fn outcome(key: &str, test: &TestBlock, policy: &Policy, rules: &Rules) -> Option<String> {
    let given = &test.given;
    let dates = || Some(Dates::from(given.issued_on?.0, policy, &rules.calendar));
    Some(match key {
        "fund_class" => named(policy.fund_class(given.insutype.as_ref()?).map(FundClass::name)),
        "care_class" => named(policy.care_class(given.med_type.as_ref()?).map(CareClass::name)),
        "chronic_open" => {
            let (code, day) = (given.dise_codg.as_ref()?, given.setl_day?.0);
            let since = policy.chronic_since(code);
            since.is_some_and(|since| i64::from(day.to_epoch_days()) >= since).to_string()
        }
        "payable" => Yuan(payable(given, policy)?).to_string(),
        "late" => (!policy.timing(given.cost_month?.0, test.period.0).in_time()).to_string(),
        "working_day" => rules.calendar.is_working_day(given.day?.0).to_string(),
        "file_by" => Day(dates()?.file_by).to_string(),
        "pay_by" => Day(dates()?.pay_by).to_string(),
        "confirm_by" => Day(dates()?.confirm_by).to_string(),
        "level" => Level::of(given.payable?.0, given.quota?.0, policy).name().to_owned(),
        "yearly_quota" => {
            let months = given.payables.as_ref()?;
            let rule = policy.yearly_quota;
            let sum: FenSum = months.iter().map(|Yuan(month)| *month).sum();
            let enough = months.len() == usize::from(rule.span());
            enough.then(|| Yuan(yearly_quota(sum, rule)).to_string())?
        }
        "returned" => Yuan(policy.negative_net.of(given.net?.0).0).to_string(),
        "carried_forward" => Yuan(policy.negative_net.of(given.net?.0).1).to_string(),
        _ => return None,
    })
}

fn named(class: Option<&str>) -> String {
    class.unwrap_or("none").to_owned()
}

fn payable(given: &TestGiven, policy: &Policy) -> Option<FenSum> {
    let mut sums = Amounts::default();
    for (name, Yuan(amount)) in given.amounts.as_ref()? {
        sums[COMPARED_AMOUNTS.into_iter().find(|field| field.name() == name)?] = *amount;
    }
    Some(policy.payable_sum(&sums))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::BUILT_IN;

    fn found(blocks: &str) -> Vec<String> {
        let rules = Rules::parse(&format!("{BUILT_IN}\n{blocks}")).expect("rules");
        let first = BUILT_IN.lines().count() + 2;
        let said =
            failures(&rules, "r.toml").into_iter().map(|Finding { place, found, .. }| {
                let line: usize = place.to_string()["line ".len()..].parse().expect("a number");
                format!("+{}: {found}", line - first)
            });
        said.collect()
    }

    #[test]
    fn the_built_in_rules_pass_their_own_tests() {
        let rules = Rules::built_in();
        assert!(rules.tests.len() >= 3);
        assert_eq!(failures(&rules, ""), []);
    }

    #[test]
    fn every_kind_of_outcome_is_worked_out() {
        let good = r#"
            [[test]]
            source = "all"
            period = "2025-12"
            [test.given]
            insutype = "390"
            med_type = "140104"
            dise_codg = "M03900"
            setl_day = "2021-08-31"
            cost_month = "2025-10"
            amounts = { hifp_pay = "700.00", acct_pay = "-100.5", psn_cash_pay = "3" }
            day = "2025-09-28"
            issued_on = "2025-09-30"
            quota = "1000"
            payable = "899.99"
            payables = ["100", "200", "300.01"]
            [test.expect]
            fund_class = "resident"
            care_class = "chronic"
            chronic_open = false
            payable = "599.5"
            late = false
            working_day = true
            file_by = "2025-10-14"
            pay_by = "2025-10-28"
            confirm_by = "2025-11-04"
            level = "yellow"
            yearly_quota = "400.01"
        "#;
        assert_eq!(found(good), [""; 0]);
        let wrong = good
            .replace("\"390\"", "\"999\"")
            .replace("2021-08-31", "2021-09-01")
            .replace("599.5", "599.51")
            .replace("2025-10\"", "2025-09\"")
            .replace("2025-09-28", "2025-10-01")
            .replace("2025-09-30", "2025-10-09")
            .replace("899.99", "900")
            .replace("300.01", "300.00");
        let expected = [
            "+17: fund_class = none in place of resident (all)",
            "+19: chronic_open = true in place of false (all)",
            "+20: payable = 599.50 in place of 599.51 (all)",
            "+21: late = true in place of false (all)",
            "+22: working_day = false in place of true (all)",
            "+23: file_by = 2025-10-15 in place of 2025-10-14 (all)",
            "+24: pay_by = 2025-10-29 in place of 2025-10-28 (all)",
            "+25: confirm_by = 2025-11-05 in place of 2025-11-04 (all)",
            "+26: level = red in place of yellow (all)",
            "+27: yearly_quota = 400.00 in place of 400.01 (all)",
        ];
        assert_eq!(found(&wrong), expected);
    }

    #[test]
    fn an_expectation_that_nothing_is_given_for_fails() {
        let bare = "[[test]]\nsource = \"s\"\nperiod = \"2025-12\"\nexpect = { late = true }\n";
        assert_eq!(found(bare), ["+3: late without what it follows from (s)"]);
        let few = "[[test]]\nsource = \"s\"\nperiod = \"2025-12\"\n\
                   given.payables = [\"1\", \"2\"]\nexpect.yearly_quota = \"2\"\n";
        assert_eq!(found(few), ["+4: yearly_quota without what it follows from (s)"]);
        let early = bare.replace("2025-12", "1999-12");
        assert_eq!(found(&early), ["+1: no [[policy]] is in force for 1999-12 (s)"]);
    }

    #[test]
    fn a_block_that_is_no_test_is_refused() {
        let refused = |block: &str| {
            let text = format!("{BUILT_IN}\n[[test]]\n{block}");
            Rules::parse(&text).expect_err("refused").to_string()
        };
        for (block, said) in [
            ("source = \"s\"\nperiod = \"2025-13\"\nexpect.late = true", "is not a month YYYY-MM"),
            ("source = \"\"\nperiod = \"2025-12\"\nexpect.late = true", "names no source"),
            ("source = \"s\"\nperiod = \"2025-12\"\nexpect = {}", "test \"s\" expects nothing"),
            ("source = \"s\"\nperiod = \"2025-12\"\nexpect.lat = true", "unknown field `lat`"),
            ("source = \"s\"\nperiod = \"2025-12\"\nexpect.payable = 8", "expected a string"),
            ("source = \"s\"\nperiod = \"2025-12\"\nexpect.payable = \"8,0\"", "is not an amount"),
            ("source = \"s\"\nperiod = \"2025-12\"\nexpect.file_by = \"2025-02-30\"", "not a day"),
            (
                "source = \"s\"\nperiod = \"2025-12\"\ngiven.amounts = { psn_no = \"1\" }\nexpect.late = true",
                "psn_no is not an amount",
            ),
        ] {
            assert!(refused(block).contains(said), "{block}: {}", refused(block));
        }
    }
}
