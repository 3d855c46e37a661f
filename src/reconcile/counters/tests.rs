use super::*;
use crate::{
    clear::positions::{PositionSums, Positions},
    model::{codes::Pair, money::FEN_LIMIT},
    rules::Rules,
};

#[test]
fn a_position_beyond_64_bits_is_one_position() {
    const ROWS: usize = 2_000;
    let period = Month::new(2025, 10);
    let rules = Rules::built_in();
    let policy = rules.policy(period).expect("in force");
    let fen = vec![FEN_LIMIT.fen() - 1; ROWS];
    let rows: Vec<(usize, PackedKey)> =
        (0..ROWS).map(|row| (row, PackedKey::new(340_100, 0, period.plus(-1)))).collect();
    let counters = Counters::default();
    let columns = AmountColumns { amounts: [Some(&fen); 13], rare: &fen };
    for rows in rows.chunks(ROWS_AT_A_TIME) {
        counters.0[0].lock().expect("alone").add(rows, &columns);
    }
    let positions = Positions::counted(counters, policy);
    let rows = i64::try_from(ROWS).expect("few");
    let sum = FenSum::from(FEN_LIMIT - Fen::new(1)).times(rows);
    let found: Vec<_> = positions.iter().collect();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.insuplc_admdvs, found[0].0.cost_month), (340_100, period.plus(-1)));
    // Eight funds and the account are payable.
    let expected = PositionSums {
        rows,
        visits: rows,
        amounts: Amounts::from_array([sum; 13]),
        payable: sum.times(9),
    };
    assert_eq!(found[0].1, expected);
}

#[test]
fn parts_are_what_was_counted() {
    let period = Month::new(2025, 10);
    let columns: Vec<Vec<i64>> = (0..13).map(|index| vec![index, 0, 100 * index]).collect();
    let rare = [1, 0, 1];
    let counters = Counters::default();
    {
        let amounts = std::array::from_fn(|index| Some(&columns[index][..]));
        let mut counter = counters.0[3].lock().expect("alone");
        // Enough keys for the table to grow, each three times.
        for division in 110_000..110_500 {
            let key = PackedKey::new(division, 77, period.plus(-2));
            let columns = AmountColumns { amounts, rare: &rare };
            counter.add(&[(0, key), (1, key), (2, key)], &columns);
        }
    }
    let expected: Lanes = std::array::from_fn(|index| 101 * columns[index][0]);
    let others = Counters::default();
    assert_eq!(counters.parts().count(), 500);
    counters.parts().for_each(|part| others.add_part(&part));
    for counters in [counters, others] {
        let counted = counters.finish();
        let mut all: Vec<(PackedKey, CounterSlot)> = counted.places().flatten().collect();
        all.sort_unstable();
        assert_eq!(all.len(), 500);
        for ((key, place), division) in all.into_iter().zip(110_000..) {
            let key = key.unpack();
            assert_eq!((key.insuplc_admdvs, key.cost_month), (division, period.plus(-2)));
            let PositionCount { rows, reversals, amounts } = counted.at(place);
            assert_eq!(
                (rows, reversals, amounts),
                (3, 0, Amounts::from_array(expected.map(|fen| FenSum::new(fen.into()))))
            );
        }
    }
}

#[test]
fn a_key_comes_back_whatever_the_month() {
    let period = Month::new(2025, 10);
    for (division, group, months) in [(0, 0, 0), (999_999, 8191, -7), (110_101, 77, 3_000_000)] {
        let key = PackedKey::new(division, group, period.plus(months)).unpack();
        assert_eq!((key.insuplc_admdvs, key.cost_month), (division, period.plus(months)));
        let pair = Pair { insured: key.insured, treating: key.treating };
        let PositionKey { fund, care, .. } = key;
        assert_eq!(Group { pair, fund, care }.number(), group);
    }
}

#[test]
fn what_is_taken_out_again_leaves_nothing() {
    let period = Month::new(2025, 10);
    let keys = [period, period.plus(-1)].map(|month| PackedKey::new(110_000, 77, month));
    let amounts = [[1; 13], [i64::MAX; 13]];
    let counters = Counters::default();
    for times in [1, 1, -1, -1, -1] {
        for (key, amounts) in keys.into_iter().zip(amounts) {
            let part = part(key, times, &amounts.map(|fen| fen * times));
            counters.add_part(&part);
        }
    }
    counters.add_part(&part(keys[0], 1, &[1; 13]));
    let counted = counters.finish();
    let mut places: Vec<(PackedKey, CounterSlot)> = counted.places().flatten().collect();
    places.sort_unstable();
    let found = places.into_iter().map(|(key, place)| (key, counted.at(place)));
    let found: Vec<_> = found.map(|(key, c)| (key, c.rows, c.amounts)).collect();
    // One was taken out more often than it came, with sums beyond 64 bits between; the other came out even.
    let all = |sum| Amounts::from_array([sum; 13]);
    let one_less = (keys[1], -1, all(-FenSum::from(Fen::MAX)));
    assert_eq!(found, [one_less, (keys[0], 0, all(FenSum::ZERO))]);
}

#[test]
fn every_amount_is_usual_or_rare() {
    let mut all = [USUAL.as_slice(), &RARE].concat();
    all.sort_unstable();
    assert_eq!(all, (0..13).collect::<Vec<_>>());
}
