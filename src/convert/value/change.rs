//! The ways in which a value is written differently in an export than in a delivery.

use crate::text::Text;

macro_rules! changes {
    ($($name:ident $id:literal $said:literal $chinese:literal;)*) => {
        /// A change of a value. The value itself stays what it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Change {
            $(#[doc = $said] $name),*
        }

        impl Change {
            /// Every change, in the order in which reports list them.
            pub(crate) const ALL: &[Change] = &[$(Change::$name),*];

            /// The name in JSON and CSV.
            pub(crate) const fn id(self) -> &'static str {
                match self { $(Change::$name => $id),* }
            }

            /// What was changed, for people.
            pub(crate) fn said(self) -> Text {
                match self { $(Change::$name => Text::named($said, $chinese)),* }
            }
        }
    };
}

changes! {
    Blanks "blanks" "blanks around it removed" "去掉首尾空白";
    FullWidth "full-width" "full-width characters made half-width" "全角改为半角";
    Formula "formula" "the text of a formula =\"…\" taken" "取公式 =\"…\" 中的文本";
    Apostrophe "apostrophe" "the apostrophe before it removed" "去掉前置的撇号";
    Empty "empty" "a word that stands for no value left out" "表示空值的用词按空值处理";
    Mapped "mapped" "replaced as the map says" "按映射替换";
    Named "named" "a name or a word made its code" "名称或用词改为代码";
    Zeros "zeros" "leading zeros put back" "补回前导零";
    Number "number" "a number written as text" "数字写成文本";
    Fraction "fraction" "decimals of 0 removed" "去掉为零的小数";
    Sign "sign" "a sign written in another way" "统一正负号写法";
    Currency "currency" "the currency removed" "去掉货币符号";
    Separators "separators" "separators of thousands removed" "去掉千分位";
    Exponent "exponent" "an exponent written out" "展开科学计数法";
    Point "point" "a digit put before or behind the point" "补齐小数点前后的零";
    Fen "fen" "fen made yuan" "分换算为元";
    Rounded "rounded" "a floating point number rounded to the fen that it stands for" "浮点数还原为其所代表的整数分";
    Spelling "spelling" "a date or time written in another way" "统一日期时间写法";
    Serial "serial" "a serial number of a spreadsheet made a date or time" "电子表格序列号转为日期时间";
    Zone "zone" "moved to UTC+8" "换算为 UTC+8";
    Clock "clock" "the time of the day left out" "去掉一天中的时刻";
    Precision "precision" "parts of a microsecond left out" "去掉微秒以下的部分";
    Midnight "midnight" "a day taken as its beginning" "日期按当日零时处理";
}

/// The changes of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ValueChanges(u32);

impl ValueChanges {
    /// Adds a change.
    pub(crate) const fn add(&mut self, change: Change) {
        self.0 |= 1 << change as u32;
    }

    /// Adds a change when it happened.
    pub(crate) const fn add_if(&mut self, happened: bool, change: Change) {
        if happened {
            self.add(change);
        }
    }

    /// Whether the value is as it was.
    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Iterates over the changes.
    pub(crate) fn iter(self) -> impl Iterator<Item = Change> {
        Change::ALL.iter().copied().filter(move |change| self.0 & (1 << *change as u32) != 0)
    }
}
