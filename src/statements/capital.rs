//! Amounts in Chinese capitals (大写金额), as they stand on payment papers.

use crate::model::money::FenSum;

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
const GROUPS: [&str; 8] = ["", "万", "亿", "万亿", "亿亿", "万亿亿", "亿亿亿", "万亿亿亿"];

/// Returns an amount in capitals: 1020.05 yuan is 壹仟零贰拾元零伍分, 1020.00 is 壹仟零贰拾元整.
pub(super) fn capitals(fen: FenSum) -> String {
    let sign = if fen.is_negative() { "负" } else { "" };
    let magnitude = fen.fen().unsigned_abs();
    let (yuan, jiao, cents) = (magnitude / 100, digit(magnitude / 10), digit(magnitude));
    let mut text = whole(yuan);
    if !text.is_empty() {
        text.push('元');
    }
    match (jiao, cents) {
        (0, 0) if text.is_empty() => text.push_str("零元整"),
        (0, 0) => text.push('整'),
        (0, cents) => {
            if !text.is_empty() {
                text.push('零');
            }
            text.push(DIGITS[cents]);
            text.push('分');
        }
        (jiao, cents) => {
            // 10.50 yuan: when the yuan end in zero and jiao follow, a 零 stands between them.
            if !text.is_empty() && yuan.is_multiple_of(10) {
                text.push('零');
            }
            text.push(DIGITS[jiao]);
            text.push('角');
            match cents {
                0 => text.push('整'),
                cents => {
                    text.push(DIGITS[cents]);
                    text.push('分');
                }
            }
        }
    }
    format!("{sign}{text}")
}

fn digit(number: u128) -> usize {
    usize::try_from(number % 10).unwrap_or(0)
}

/// Returns a whole number in capitals, without a unit. 0 is the empty text.
fn whole(number: u128) -> String {
    let mut rest = number;
    let groups = GROUPS.map(|name| {
        let value = rest % 10_000;
        rest /= 10_000;
        (name, value)
    });
    let mut text = String::new();
    let mut gap = false;
    for (name, value) in groups.into_iter().rev() {
        if value == 0 {
            gap = !text.is_empty();
            continue;
        }
        // One 零 stands for a gap of zeros between two digits.
        if !text.is_empty() && (gap || value < 1_000) {
            text.push('零');
        }
        text.push_str(&four(value));
        text.push_str(name);
        gap = false;
    }
    text
}

/// Returns a group of up to four digits in capitals.
fn four(value: u128) -> String {
    let mut text = String::new();
    let mut zero = false;
    for (place, worth) in PLACES.into_iter().zip([1, 10, 100, 1_000]).rev() {
        match digit(value / worth) {
            0 => zero = !text.is_empty(),
            digit => {
                if zero {
                    text.push('零');
                    zero = false;
                }
                text.push(DIGITS[digit]);
                text.push_str(place);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_on_payment_papers() {
        for (fen, text) in [
            (0, "零元整"),
            (1, "壹分"),
            (10, "壹角整"),
            (105, "壹元零伍分"),
            (150, "壹元伍角整"),
            (1_050, "壹拾元零伍角整"),
            (100_000, "壹仟元整"),
            (102_005, "壹仟零贰拾元零伍分"),
            (10_000_000, "壹拾万元整"),
            (10_000_100, "壹拾万零壹元整"),
            (1_000_000_000_000, "壹佰亿元整"),
            (1_234_567_890_123, "壹佰贰拾叁亿肆仟伍佰陆拾柒万捌仟玖佰零壹元贰角叁分"),
            (10_000_000_000_001, "壹仟亿元零壹分"),
            (100_000_000_000_100, "壹万亿零壹元整"),
            (-4_600_000, "负肆万陆仟元整"),
        ] {
            assert_eq!(capitals(FenSum::new(fen)), text, "{fen}");
        }
    }
}
