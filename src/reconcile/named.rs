//! The settlements that requests for verification name, and what their records say.
//!
//! Their rows are put in doubt, so that their values are at hand when copies are settled. Nothing else changes for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use super::breaks::SideCopy;
use crate::{
    contract::requests::RequestLine,
    coordination::request::{KnownSettlement, StayRecord},
    keyed::store::locked,
    model::{codes::Side, fields::Field, requests::RequestKind},
};

/// The place of a copy among those of its settlement: treating's row, treating's open item, insured's row, insured's
/// open item; of several rows the first.
type CopyPlace = (Side, bool, Option<u32>);

/// The settlements that requests name.
#[derive(Debug, Default)]
pub struct NamedSettlements {
    names: BTreeSet<String>,
    found: Mutex<BTreeMap<String, (CopyPlace, KnownSettlement)>>,
}

impl NamedSettlements {
    /// Collects the settlements that verifications name.
    pub fn of(requests: &[RequestLine]) -> NamedSettlements {
        let named = requests
            .iter()
            .filter(|line| line.kind == RequestKind::Verification && !line.setl_id.is_empty());
        let names = named.map(|line| line.setl_id.clone()).collect();
        NamedSettlements { names, found: Mutex::default() }
    }

    /// Returns them in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Notes what valid copies say about them.
    pub(super) fn note(&self, copies: &[SideCopy]) {
        if self.names.is_empty() {
            return;
        }
        let named = copies.iter().filter(|copy| self.names.contains(copy.record.setl_id()));
        for copy in named {
            let place = (copy.side, copy.ordinal.is_none(), copy.ordinal);
            let mut found = locked(&self.found);
            let before = found.get(copy.record.setl_id());
            if before.is_none_or(|(before, _)| place < *before) {
                found.insert(copy.record.setl_id().to_owned(), (place, known(copy)));
            }
        }
    }

    /// Returns what their records say, by setl_id.
    pub fn known(&self) -> BTreeMap<String, KnownSettlement> {
        let found = locked(&self.found);
        found.iter().map(|(setl_id, (_, known))| (setl_id.clone(), known.clone())).collect()
    }
}

fn known(copy: &SideCopy) -> KnownSettlement {
    let record = &copy.record;
    let text = |field| record.text(field).map(str::to_owned);
    KnownSettlement {
        pair: copy.facts.group.pair,
        care: copy.facts.group.care,
        is_reversal: copy.reverses().is_some(),
        stay: Some(StayRecord {
            fixmedins_code: text(Field::fixmedins_code).unwrap_or_default(),
            mdtrt_id: text(Field::mdtrt_id),
            psn_no: text(Field::psn_no).unwrap_or_default(),
            days: [record.begndate, record.enddate],
            medfee_sumamt: record.amounts[Field::medfee_sumamt],
        }),
    }
}
