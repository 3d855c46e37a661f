//! Flows between provinces: the 32 × 32 matrix, the largest flows, payable and receivable of each province.

use serde::Serialize;

use super::{
    source::PeriodTables,
    words::{Money, Words, count, percent, province},
};
use crate::model::{codes::Province, money::FenSum};

/// The number of flows in the diagram.
const LARGEST: usize = 24;

/// A cell of the matrix with money or visits; money is fen as text, since numbers of a script are too narrow.
#[derive(Debug, Clone, Serialize)]
pub(super) struct MatrixCell {
    pub(super) insured: usize,
    pub(super) treating: usize,
    fen: String,
    /// The amount in yuan, for people.
    shown: String,
    visits: String,
    #[serde(skip)]
    payable: FenSum,
}

/// Payable and receivable of a province.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sides {
    pub(super) name: Words,
    pay: String,
    receive: String,
    net: String,
    /// Payable, receivable and their difference for people.
    pub(super) shown: [String; 3],
}

/// A row of the matrix as a table: the payer, and the amount to each payee, in 万元.
pub(super) struct MatrixRow {
    pub(super) name: Words,
    pub(super) cells: Vec<String>,
    pub(super) total: String,
}

/// The flows of a period.
#[derive(Serialize)]
pub(super) struct Flows {
    names: Vec<Words>,
    cells: Vec<MatrixCell>,
    largest: Vec<MatrixCell>,
    provinces: Vec<Sides>,
    /// The share of the largest flows in all payable.
    #[serde(skip)]
    pub(super) share: String,
    #[serde(skip)]
    pub(super) matrix: Vec<MatrixRow>,
    /// Totals of the columns of the matrix, then the grand total.
    #[serde(skip)]
    pub(super) totals: Vec<String>,
}

impl Flows {
    pub(super) fn of(source: &PeriodTables) -> Flows {
        let mut payable = [[FenSum::ZERO; 32]; 32];
        let mut cells = Vec::new();
        for row in source.pairs.iter() {
            let (Some(pair), fen) = (row.pair(), row.fen("payable")) else { continue };
            let (insured, treating) = (pair.insured.index(), pair.treating.index());
            payable[insured][treating] += fen;
            let visits = row.number("visits");
            if !fen.is_zero() || visits != 0 {
                cells.push(MatrixCell {
                    insured,
                    treating,
                    fen: fen.fen().to_string(),
                    shown: Money(fen).to_string(),
                    visits: count(visits),
                    payable: fen,
                });
            }
        }
        let whole: FenSum = payable.as_flattened().iter().sum();
        let mut largest = cells.clone();
        largest.retain(|flow| flow.payable.is_positive());
        largest.sort_by_key(|flow| (-flow.payable, flow.insured, flow.treating));
        largest.truncate(LARGEST);
        let shown: FenSum = largest.iter().map(|flow| flow.payable).sum();
        let column = |treating: usize| payable.iter().map(|row| row[treating]).sum::<FenSum>();
        let all = |fen: FenSum| Money(fen).ten_thousands();
        Flows {
            names: Province::all().map(province).collect(),
            cells,
            largest,
            provinces: Province::all()
                .map(|of| sides(of, payable[of.index()].iter().sum(), column(of.index())))
                .collect(),
            share: percent(shown.fen(), whole.fen()),
            matrix: Province::all().map(|of| matrix_row(of, &payable[of.index()])).collect(),
            totals: (0..32).map(column).chain([whole]).map(all).collect(),
        }
    }

    /// Returns the names of the provinces in official order.
    pub(super) fn names(&self) -> &[Words] {
        &self.names
    }

    /// Returns payable and receivable of each province.
    pub(super) fn provinces(&self) -> &[Sides] {
        &self.provinces
    }

    /// Returns the largest flows: payer, payee, amount, visits.
    pub(super) fn ranked(&self) -> impl Iterator<Item = (&Words, &Words, &str, &str)> {
        let names = |flow: &MatrixCell| (&self.names[flow.insured], &self.names[flow.treating]);
        self.largest.iter().map(move |flow| {
            let (insured, treating) = names(flow);
            (insured, treating, flow.shown.as_str(), flow.visits.as_str())
        })
    }
}

fn sides(of: Province, pay: FenSum, receive: FenSum) -> Sides {
    let net = receive - pay;
    Sides {
        name: province(of),
        pay: pay.fen().to_string(),
        receive: receive.fen().to_string(),
        net: net.fen().to_string(),
        shown: [pay, receive, net].map(|fen| Money(fen).to_string()),
    }
}

fn matrix_row(of: Province, payable: &[FenSum; 32]) -> MatrixRow {
    let cell = |fen: &FenSum| match fen {
        &FenSum::ZERO => String::new(),
        fen => Money(*fen).ten_thousands(),
    };
    let total = Money(payable.iter().sum()).ten_thousands();
    MatrixRow { name: province(of), cells: payable.iter().map(cell).collect(), total }
}
