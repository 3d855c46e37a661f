//! Columns as exports have them: names in other spellings, decimals of every scale, times of every type.

use std::{fs::File, path::Path, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow_schema::{Field as Column, Schema};
use liangqing::model::fields::Field;
use parquet::{
    data_type::{ByteArray, ByteArrayType, DataType, Int64Type, Int96, Int96Type},
    file::{
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};

use crate::world::{Ran, Row, World, batch, decimals, with_column, without_column};

const PERIOD: &str = "2025-10";
const FILE: &str = "treating/a.parquet";

/// A batch with other names of its columns.
fn renamed(batch: &RecordBatch, rename: impl Fn(&str) -> String) -> RecordBatch {
    let schema = batch.schema();
    let fields = schema.fields().iter().map(|field| {
        Column::new(rename(field.name()), field.data_type().clone(), field.is_nullable())
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), batch.columns().to_vec()).expect("the same columns")
}

/// A run of the same file on both sides.
fn run(batch: &RecordBatch) -> (World, Ran) {
    let world = World::new();
    world.deliver_batch(PERIOD, FILE, batch);
    world.deliver_batch(PERIOD, "insured/a.parquet", batch);
    let ran = closed(&world);
    (world, ran)
}

/// A run that the second implementation recomputes.
fn closed(world: &World) -> Ran {
    world.run_with(PERIOD, &["--format", "json", "--independent"])
}

fn normalised(ran: &Ran, what: &str) -> u64 {
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    report["normalisations"][what].as_u64().expect("a count")
}

#[test]
fn names_of_columns_may_be_spelt_otherwise() {
    let manual = Row::new("M").with(Field::fulamt_advpay_flag, "1");
    let rows = batch(&[Row::new("A"), manual]);
    let spellings: [fn(&str) -> String; 4] = [
        str::to_uppercase,
        |name| format!(" {name}\u{3000}"),
        |name| if name == "setl_id" { format!("\u{feff}{name}") } else { name.to_owned() },
        |name| if name == "oth_pay" { "OTHFUND_PAY".to_owned() } else { name.to_owned() },
    ];
    let counts = spellings.map(|spelling| {
        let (world, ran) = run(&renamed(&rows, spelling));
        let ran = ran.expect(0);
        let rejects = world.table(PERIOD, "rejects", &["setl_id", "rules"]);
        assert_eq!(rejects, [["M", "V12"], ["M", "V12"]]);
        assert_eq!(world.table(PERIOD, "positions", &["payable"]), [["800.00"]]);
        let of = |what| normalised(&ran, what);
        [of("respelled_columns"), of("alias_columns"), of("extra_columns")]
    });
    assert_eq!(counts, [[66, 0, 0], [66, 0, 0], [2, 0, 0], [2, 2, 0]]);
}

#[test]
fn a_field_in_two_spellings_is_there_twice() {
    let rows = batch(&[Row::new("A")]);
    let twice = with_column(&rows, "\u{feff}SETL_ID", Arc::new(StringArray::from(vec!["B"])));
    let (_, ran) = run(&twice);
    let ran = ran.expect(3);
    assert!(ran.stdout.contains("F08") || ran.stderr.contains("F08"), "{ran:?}");
    // A name with something within it is another one.
    let other = with_column(&rows, "SETL ID", Arc::new(StringArray::from(vec!["B"])));
    assert_eq!(normalised(&run(&other).1.expect(0), "extra_columns"), 2);
}

fn refused(spoilt: &RecordBatch) -> String {
    let world = World::new();
    world.deliver_batch(PERIOD, FILE, spoilt);
    world.deliver(PERIOD, "insured/a.parquet", &[]);
    world.run(PERIOD).expect(3).stderr
}

#[test]
fn columns_that_stand_in_the_path_are_pointed_at() {
    let world = World::new();
    let rows = without_column(&batch(&[Row::new("A")]), "insuplc_admdvs");
    world.deliver_batch(PERIOD, "treating/dt=7/INSUPLC_ADMDVS=340100/a.parquet", &rows);
    world.deliver(PERIOD, "insured/a.parquet", &[]);
    let ran = world.run(PERIOD).expect(3);
    let expected = "found no column insuplc_admdvs; in the path alone is INSUPLC_ADMDVS=340100; the columns, 32, are";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 finding in all"), "{}", ran.stderr);
}

#[test]
fn a_foreign_file_is_one_finding() {
    let names: Vec<String> = (0..60).map(|n| format!("{}{n}", "n".repeat(80))).collect();
    let column = || -> ArrayRef { Arc::new(StringArray::from(vec!["x"])) };
    let foreign = RecordBatch::try_from_iter(names.iter().map(|name| (name, column())));
    let said = refused(&foreign.expect("columns"));
    assert!(
        said.contains("found no column setl_id, psn_no, insuplc_admdvs, mdtrtarea_admvs"),
        "{said}"
    );
    assert!(said.contains("the columns, 60, are nnn"), "{said}");
    assert!(said.contains("…, …, expected") && said.len() < 4_000, "{said}");
    assert!(said.contains("1 finding in all"), "{said}");
}

#[test]
fn decimals_of_every_scale_are_the_same_amounts() {
    let rows = batch(&[Row::new("A")]);
    for scale in [0, 1, 3, 10, 18] {
        let unit = 10i128.pow(u32::from(scale));
        for digits in [18, 38].into_iter().filter(|digits| *digits > scale + 2) {
            let amount = decimals(vec![Some(100 * unit)], digits, scale.cast_signed());
            let (world, ran) = run(&with_column(&rows, "acct_pay", amount));
            assert_eq!(normalised(&ran.expect(0), "rescaled_columns"), 2);
            assert_eq!(world.table(PERIOD, "positions", &["payable"]), [["800.00"]]);
        }
    }
    // As large as an amount may be, and as small as it can be written.
    let largest = decimals(vec![Some(99_999_999_999_999 * 10i128.pow(18))], 38, 18);
    let (world, ran) = run(&with_column(&rows, "acct_mulaid_pay", largest));
    ran.expect(0);
    assert!(world.table(PERIOD, "rejects", &["row"]).is_empty());
    let smallest = decimals(vec![Some(1)], 18, 18);
    let (world, ran) = run(&with_column(&rows, "acct_mulaid_pay", smallest));
    ran.expect(0);
    assert_eq!(world.table(PERIOD, "rejects", &["rules"]), [["V18"], ["V18"]]);
}

#[test]
fn amounts_of_38_digits_are_refused_where_sums_of_them_do_not_fit() {
    let world = World::new();
    let nines = format!("{}.99", "9".repeat(30));
    let large = |id: &str| Row::new(id).with(Field::medfee_sumamt, &nines);
    world.deliver_both(PERIOD, &[Row::new("A"), large("B"), large("C")]);
    world.run(PERIOD).expect(0);
    assert_eq!(world.table(PERIOD, "rejects", &["rules"]), [["V15"]; 4]);
    // 38 digits fit alone, and not beside anything else.
    let widest = 10i128.pow(38) - 1;
    let cost = |rows: &[Row], cost: Vec<Option<i128>>| {
        with_column(&batch(rows), "medfee_sumamt", decimals(cost, 38, 2))
    };
    let (_, ran) = run(&cost(&[Row::new("A")], vec![Some(widest)]));
    ran.expect(0);
    let two = [Row::new("A"), Row::new("B")];
    for others in [vec![Some(widest), Some(100_000)], vec![Some(100_000), Some(widest)]] {
        let said = refused(&cost(&two, others));
        assert!(said.contains("F12 treating: found amounts that together are beyond it"), "{said}");
    }
    let (_, ran) = run(&cost(&two, vec![Some(widest), Some(0)]));
    ran.expect(0);
}

#[test]
fn what_an_open_item_makes_too_much_is_refused_as_well() {
    let world = World::new();
    world.deliver(PERIOD, FILE, &[Row::new("open")]);
    world.deliver(PERIOD, "insured/a.parquet", &[]);
    world.run(PERIOD).expect(0);
    let widest = decimals(vec![Some(10i128.pow(38) - 1)], 38, 2);
    let rows = with_column(&batch(&[Row::new("A").in_month("2025-11")]), "medfee_sumamt", widest);
    world.deliver_batch("2025-11", FILE, &rows);
    world.deliver("2025-11", "insured/a.parquet", &[]);
    let said = world.run("2025-11").expect(3).stderr;
    assert!(said.contains("F12 treating: found amounts that together are beyond it"), "{said}");
}

#[test]
fn times_beyond_their_unit_stay_beyond() {
    let rows = batch(&[Row::new("A"), Row::new("B")]);
    let plain = TimestampMillisecondArray::from(vec![i64::MAX, i64::MIN]);
    for times in [plain.clone(), plain.with_timezone("UTC")] {
        let (world, ran) = run(&with_column(&rows, "setl_time", Arc::new(times)));
        ran.expect(0);
        let rejects = world.table(PERIOD, "rejects", &["setl_id", "rules"]);
        assert_eq!(rejects[..2], [["A", "V10,V17"], ["B", "V17"]]);
    }
}

fn write_column<T: DataType>(group: &mut SerializedRowGroupWriter<File>, values: &[T::T]) {
    let mut column = group.next_column().expect("no error").expect("a column");
    column.typed::<T>().write_batch(values, None, None).expect("written");
    column.close().expect("closed");
}

/// Writes a file of required columns with times of INT96: nanoseconds of the day and Julian day.
fn write_int96(path: &Path, times: &[(i64, i32)]) {
    const TEXTS: [(&str, &str); 6] = [
        ("psn_no", "P1"),
        ("insuplc_admdvs", "340100"),
        ("mdtrtarea_admvs", "310100"),
        ("fixmedins_code", "H31010000001"),
        ("insutype", "310"),
        ("med_type", "11"),
    ];
    const AMOUNTS: [(&str, i64); 5] = [
        ("medfee_sumamt", 100_000),
        ("hifp_pay", 70_000),
        ("fund_pay_sumamt", 70_000),
        ("acct_pay", 10_000),
        ("psn_cash_pay", 20_000),
    ];
    let texts = TEXTS.map(|(name, _)| format!("required binary {name} (STRING); "));
    let amounts = AMOUNTS.map(|(name, _)| format!("required int64 {name} (DECIMAL(16,2)); "));
    let message = format!(
        "message file {{ required int96 setl_time; required binary setl_id (STRING); {}{} }}",
        texts.concat(),
        amounts.concat()
    );
    let schema = Arc::new(parse_message_type(&message).expect("a schema"));
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    let properties = Arc::new(WriterProperties::builder().build());
    let file = File::create(path).expect("created");
    let mut file = SerializedFileWriter::new(file, schema, properties).expect("a writer");
    let mut group = file.next_row_group().expect("a row group");
    let int96 = |(nanos, day): &(i64, i32)| {
        let mut value = Int96::new();
        let nanos = nanos.cast_unsigned().to_le_bytes().as_chunks::<4>().0.to_vec();
        let [low, high] = [nanos[0], nanos[1]].map(u32::from_le_bytes);
        value.set_data(low, high, day.cast_unsigned());
        value
    };
    let times: Vec<Int96> = times.iter().map(int96).collect();
    write_column::<Int96Type>(&mut group, &times);
    let ids: Vec<ByteArray> = (0..times.len()).map(|n| ByteArray::from(&*n.to_string())).collect();
    write_column::<ByteArrayType>(&mut group, &ids);
    for (_, text) in TEXTS {
        write_column::<ByteArrayType>(&mut group, &vec![ByteArray::from(text); times.len()]);
    }
    for (_, amount) in AMOUNTS {
        write_column::<Int64Type>(&mut group, &vec![amount; times.len()]);
    }
    group.close().expect("closed");
    file.close().expect("closed");
}

#[test]
fn absurd_days_of_int96_are_no_days_of_this_month() {
    const EPOCH: i32 = 2_440_588;
    const NOON: i64 = 12 * 3_600 * 1_000_000_000;
    // 2025-10-15, in days, and as many days more as 64 bits of microseconds count, by which it looks the same.
    let day = EPOCH + 20_376;
    let again = i32::try_from((1i128 << 64) / 86_400_000_000).expect("it fits");
    let times = [
        (NOON, day),
        (0, 0),
        (NOON, i32::MAX),
        (NOON, i32::MIN),
        (NOON, day + again),
        (NOON, day + again + 1),
        (NOON, day - again),
        (NOON, day - again - 1),
        (NOON, EPOCH + 2_932_896),
        (i64::MAX, day),
        (i64::MIN, day),
        (NOON + 1_234, day),
    ];
    let world = World::new();
    write_int96(&world.input(PERIOD).join(FILE), &times);
    world.deliver(PERIOD, "insured/a.parquet", &[]);
    closed(&world).expect(0);
    let rejects = world.table(PERIOD, "rejects", &["setl_id", "rules"]);
    let (early, late) = ("V17", "V10,V17");
    let expected = [
        ["1", early],
        ["2", late],
        ["3", early],
        ["4", late],
        ["5", late],
        ["6", early],
        ["7", early],
        ["8", late],
        ["9", late],
        ["10", early],
    ];
    assert_eq!(rejects, expected);
    let open = world.table(PERIOD, "open_items", &["setl_id", "setl_time"]);
    assert_eq!(open, [["0", "2025-10-15T20:00:00"], ["11", "2025-10-15T20:00:00"]]);
}

#[test]
fn flags_go_on_without_the_blanks_around_them() {
    let world = World::new();
    let flags = ["1 ", "0", "  "].map(|flag| Row::new("A").with(Field::refd_setl_flag, flag));
    for (number, flag) in flags.into_iter().enumerate() {
        let row = flag.with(Field::setl_id, number.to_string());
        world.deliver("2025-10", &format!("treating/{number}.parquet"), &[row]);
    }
    world.deliver("2025-10", "insured/a.parquet", &[]);
    let ran = world.run_with("2025-10", &["--format", "json"]).expect(0);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(report["normalisations"]["padded_flags"], 2);
    let open = world.table("2025-10", "open_items", &["setl_id", "refd_setl_flag"]);
    assert_eq!(open, [["0", "1"], ["1", "0"], ["2", "0"]]);
    world.verify(&[]).expect(0);
}

#[test]
fn infinite_times_are_seen_wherever_they_stand() {
    for time in ["infinity", "-infinity"] {
        let broken = if time == "infinity" { "V10,V17" } else { "V17" };
        let odd = Row::new("odd").with(Field::setl_time, time);
        let plain = ["A", "B", "C"].map(Row::new);
        for at in 0..=plain.len() {
            let mut rows = plain.to_vec();
            rows.insert(at, odd.clone());
            let world = World::new();
            world.deliver("2025-10", "treating/a.parquet", &rows);
            world.deliver("2025-10", "insured/a.parquet", &rows);
            world.run("2025-10").expect(0);
            let rejects = world.table("2025-10", "rejects", &["side", "setl_id", "rules"]);
            assert_eq!(rejects, [["insured", "odd", broken], ["treating", "odd", broken]]);
            assert_eq!(world.table("2025-10", "positions", &["visits"]), [["3"]]);
            assert!(world.table("2025-10", "breaks", &["setl_id"]).is_empty());
            world.verify(&[]).expect(0);
        }
    }
}

#[test]
fn fractions_of_fen_count_rounded_each_by_itself() {
    let world = World::new();
    let rows = ["1000.004", "1000.005", "-1000.005", "99999999999999.999"]
        .map(|cost| Row::new("A").with(Field::medfee_sumamt, cost).with(Field::acct_pay, "0.005"));
    world.deliver("2025-10", "treating/a.parquet", &rows);
    world.deliver("2025-10", "insured/a.parquet", &[]);
    let total = "100000000001000.00";
    let declared = format!(
        "file,rows,medfee_sumamt,fund_pay_sumamt,acct_pay\ntreating/a.parquet,4,{total},2800.00,0.04\n\
         insured/a.parquet,0,0,0,0\n"
    );
    world.small_file("2025-10", "control-totals.csv", declared);
    world.run("2025-10").expect(0);
    let control =
        world.table("2025-10", "control", &["side", "bucket", "rows", "medfee_sumamt", "payable"]);
    for bucket in ["delivered", "rejected"] {
        let expected = ["treating", bucket, "4", total, "2800.04"].map(String::from).to_vec();
        assert!(control.contains(&expected), "{control:?}");
    }
}
