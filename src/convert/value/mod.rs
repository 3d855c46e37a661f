//! Values of exports: from the spellings of people and databases to the values of the contract. Nothing is guessed:
//! a text that could mean two things is refused.

mod amount;
mod change;
mod code;
mod plain;
mod spelt;
mod time;
mod unread;
mod word;

pub(crate) use self::{
    amount::amount,
    change::{Change, ValueChanges},
    code::code,
    plain::{Clock, SerialDays, ValueRule},
    time::{day, time},
    unread::{Read, UnreadValue},
    word::{decision, flag, month, province, words},
};
