use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;

type Texts = ([String; 6], [Option<String>; 4], Vec<(u8, String)>);

fn texts() -> impl Strategy<Value = Texts> {
    let text = || prop_oneof![8 => "[A-Z0-9医保]{0,12}", 1 => "x{254,258}"];
    let given = prop_oneof![
        [text(), text(), text(), text(), text(), text()],
        [
            "[A-Z医]?[0-9]{0,30}",
            "[0-9]{26,34}",
            "[HP][0-9]{11}",
            "[0-9]{6}",
            "[0-9]{6}",
            "[0-9]{2}"
        ],
    ];
    (
        given,
        [option::of(text()), option::of(text()), option::of(text()), option::of(text())],
        vec((any::<u8>(), text()), 0..3),
    )
}

fn amount() -> impl Strategy<Value = Fen> {
    let near = |most: i64| (most - 1)..=(most + 1);
    prop_oneof![
        4 => -1_000_000_i64..1_000_000,
        2 => Just(0),
        1 => near((1 << 23) - 1),
        1 => near(-(1 << 23)),
        1 => select(vec![i64::MIN, i64::MAX]),
    ]
    .prop_map(Fen::new)
}

fn ordinal() -> impl Strategy<Value = u64> {
    prop_oneof![0..1_000_u64, u64::from(u32::MAX) - 1..=u64::from(u32::MAX) + 1, any::<u64>()]
}

fn time() -> impl Strategy<Value = i64> {
    let seconds = prop_oneof![-1..=1_i64, i64::from(u32::MAX) - 1..=i64::from(u32::MAX) + 1];
    prop_oneof![seconds.prop_map(|seconds| seconds * SECOND), -1..=1_i64, any::<i64>()]
}

fn day() -> impl Strategy<Value = i32> {
    let near = |day: i16| (i32::from(day) - 1)..=(i32::from(day) + 1);
    prop_oneof![0..30_000, near(i16::MIN), near(i16::MAX), any::<i32>()]
}

fn amounts() -> impl Strategy<Value = ([Fen; 5], [Option<Fen>; 3])> {
    let given = [amount(), amount(), amount(), amount(), amount()];
    (given, [option::of(amount()), option::of(amount()), option::of(amount())])
}

fn optional() -> impl Strategy<Value = OptionalFields<'static>> {
    let words = (
        option::of(select(HospitalLevel::ALL)),
        option::of(select(PersonKind::ALL)),
        any::<(bool, bool, Option<bool>)>(),
    );
    let numbers = any::<(Option<u16>, Option<u32>, Option<u128>, u16)>();
    (words, numbers).prop_map(|(words, (age, stay, token, delivered))| {
        let (level, person, (emergency, mid_stay, networked)) = words;
        OptionalFields {
            level,
            person,
            age,
            stay,
            emergency,
            mid_stay,
            token,
            networked,
            delivered,
            ..OptionalFields::default()
        }
    })
}

fn row<'a>(
    (given, maybe, unknown): &'a Texts,
    (ordinal, time, begin, end): (u64, i64, Option<i32>, Option<i32>),
    (care, fund): (CareClass, FundClass),
    ([medfee, payable, hifp_pay, fund_pay, acct_pay], fen): ([Fen; 5], [Option<Fen>; 3]),
    optional: &OptionalFields<'a>,
) -> ReviewedRow<'a> {
    let [setl_id, psn_no, institution, insured, treating, med_type] =
        given.each_ref().map(String::as_str);
    let [reverses, disease, grade, medium] = maybe.each_ref().map(Option::as_deref);
    let [in_scope, dedc_std, act_pay_dedc] = fen;
    let unknown = unknown.iter().map(|(field, value)| (*field, value.as_str())).collect();
    ReviewedRow {
        ordinal,
        setl_id,
        reverses,
        psn_no,
        institution,
        insured,
        treating,
        med_type,
        disease,
        care,
        fund,
        time,
        begin,
        end,
        medfee,
        payable,
        hifp_pay,
        fund_pay,
        acct_pay,
        in_scope,
        optional: OptionalFields {
            grade,
            dedc_std,
            act_pay_dedc,
            medium,
            unknown,
            ..optional.clone()
        },
    }
}

proptest! {
    #[test]
    fn a_row_comes_back_as_it_went(
        texts in texts(),
        numbers in (ordinal(), time(), option::of(day()), option::of(day())),
        care in select(&CareClass::ALL[..]),
        fund in select(&FundClass::ALL[..]),
        amounts in amounts(),
        optional in optional(),
    ) {
        let row = row(&texts, numbers, (care, fund), amounts, &optional);
        let mut bytes = Vec::new();
        append(&row, &mut bytes);
        for end in 0..bytes.len() {
            let mut memory = Vec::new();
            let mut room = TextRoom::of(&mut memory, end);
            prop_assert!(first(&bytes[..end], &mut room).is_err());
        }
        let mut without = Vec::new();
        append_without_token(&bytes, &mut without).expect("whole");
        let mut memory = Vec::new();
            let mut room = TextRoom::of(&mut memory, bytes.len());
        bytes.extend_from_slice(b"the next");
        let (read, rest) = first(&bytes, &mut room).expect("whole");
        prop_assert_eq!((&read, rest), (&row, &b"the next"[..]));
        let mut memory = Vec::new();
            let mut room = TextRoom::of(&mut memory, without.len());
        let (read, rest) = first(&without, &mut room).expect("whole");
        let optional = OptionalFields { token: None, ..row.optional.clone() };
        prop_assert_eq!((read, rest), (ReviewedRow { optional, ..row }, &b""[..]));
    }
}
