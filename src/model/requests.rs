//! The words of requests between provinces (procedure §58, procedure §59): kinds, types, results, states.

/// The type of a problem (问题协同), which decides how soon it is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemType {
    /// About a filing.
    Filing,
    /// A fault of a system.
    System,
    /// Anything else.
    Other,
}

impl ProblemType {
    /// Every type.
    pub const ALL: [ProblemType; 3] =
        [ProblemType::Filing, ProblemType::System, ProblemType::Other];

    /// Returns the word for it in files and tables.
    pub const fn name(self) -> &'static str {
        match self {
            ProblemType::Filing => "filing",
            ProblemType::System => "system",
            ProblemType::Other => "other",
        }
    }

    /// Returns it for people, in Chinese and in English.
    pub const fn shown(self) -> [&'static str; 2] {
        match self {
            ProblemType::Filing => ["备案", "filing"],
            ProblemType::System => ["系统", "system"],
            ProblemType::Other => ["其他", "other"],
        }
    }

    /// Returns the type that a word names.
    pub fn from_name(name: &str) -> Option<ProblemType> {
        ProblemType::ALL.into_iter().find(|of| of.name() == name)
    }
}

/// The kind of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestKind {
    /// Cost verification (费用协查): whether a stay cost what its settlement says.
    Verification,
    /// Problem coordination (问题协同).
    Problem(ProblemType),
}

impl RequestKind {
    /// The word for a verification.
    pub const VERIFICATION: &str = "verification";
    /// The word for a problem.
    pub const PROBLEM: &str = "problem";

    /// Returns the word for it in files and tables.
    pub const fn name(self) -> &'static str {
        match self {
            RequestKind::Verification => RequestKind::VERIFICATION,
            RequestKind::Problem(_) => RequestKind::PROBLEM,
        }
    }

    /// Returns it for people, in Chinese and in English.
    pub const fn shown(self) -> [&'static str; 2] {
        match self {
            RequestKind::Verification => ["费用协查", "cost verification"],
            RequestKind::Problem(_) => ["问题协同", "problem"],
        }
    }

    /// Returns the article of the procedure about it.
    pub const fn article(self) -> u8 {
        match self {
            RequestKind::Verification => 58,
            RequestKind::Problem(_) => 59,
        }
    }

    /// Returns the type of a problem.
    pub const fn problem_type(self) -> Option<ProblemType> {
        match self {
            RequestKind::Verification => None,
            RequestKind::Problem(of) => Some(of),
        }
    }

    /// Returns the kind of two words; a verification has no type, a problem has one.
    pub fn of_words(kind: &str, problem_type: Option<&str>) -> Option<RequestKind> {
        match (kind, problem_type) {
            (RequestKind::VERIFICATION, None) => Some(RequestKind::Verification),
            (RequestKind::PROBLEM, Some(of)) => {
                ProblemType::from_name(of).map(RequestKind::Problem)
            }
            _ => None,
        }
    }

    /// Whether a reply to it can have a result.
    pub const fn takes(self, result: ReplyResult) -> bool {
        matches!(
            (self, result),
            (RequestKind::Verification, ReplyResult::Correct | ReplyResult::Incorrect)
                | (RequestKind::Problem(_), ReplyResult::Answered)
        )
    }
}

/// The result of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReplyResult {
    /// 核查无误: the stay cost what the settlement says.
    Correct,
    /// 核查有误: it did not.
    Incorrect,
    /// The problem is answered.
    Answered,
}

impl ReplyResult {
    /// Every result.
    pub const ALL: [ReplyResult; 3] =
        [ReplyResult::Correct, ReplyResult::Incorrect, ReplyResult::Answered];

    /// Returns the word for it in files and tables.
    pub const fn name(self) -> &'static str {
        match self {
            ReplyResult::Correct => "correct",
            ReplyResult::Incorrect => "incorrect",
            ReplyResult::Answered => "answered",
        }
    }

    /// Returns it for people, in Chinese and in English.
    pub const fn shown(self) -> [&'static str; 2] {
        match self {
            ReplyResult::Correct => ["核查无误", "correct"],
            ReplyResult::Incorrect => ["核查有误", "incorrect"],
            ReplyResult::Answered => ["已答复", "answered"],
        }
    }

    /// Returns the result that a word names.
    pub fn from_name(name: &str) -> Option<ReplyResult> {
        ReplyResult::ALL.into_iter().find(|result| result.name() == name)
    }
}

/// The state of a request at a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestState {
    /// The row of the request was refused.
    Refused,
    /// It waits for its first reply.
    Open,
    /// It waits for a reply and is late.
    Overdue,
    /// It was answered.
    Answered,
    /// The asker confirmed the reply.
    Confirmed,
    /// The asker was silent, which is a yes.
    DeemedConfirmed,
    /// The asker did not accept the reply.
    Reopened,
}

impl RequestState {
    /// Every state.
    pub const ALL: [RequestState; 7] = [
        RequestState::Refused,
        RequestState::Open,
        RequestState::Overdue,
        RequestState::Answered,
        RequestState::Confirmed,
        RequestState::DeemedConfirmed,
        RequestState::Reopened,
    ];

    /// Returns the word for it in tables.
    pub const fn name(self) -> &'static str {
        match self {
            RequestState::Refused => "refused",
            RequestState::Open => "open",
            RequestState::Overdue => "overdue",
            RequestState::Answered => "answered",
            RequestState::Confirmed => "confirmed",
            RequestState::DeemedConfirmed => "deemed_confirmed",
            RequestState::Reopened => "reopened",
        }
    }

    /// Returns it for people, in Chinese and in English.
    pub const fn shown(self) -> [&'static str; 2] {
        match self {
            RequestState::Refused => ["未接受", "refused"],
            RequestState::Open => ["待答复", "open"],
            RequestState::Overdue => ["逾期未答复", "overdue"],
            RequestState::Answered => ["已答复", "answered"],
            RequestState::Confirmed => ["已确认", "confirmed"],
            RequestState::DeemedConfirmed => ["视同确认", "deemed confirmed"],
            RequestState::Reopened => ["重新发起", "reopened"],
        }
    }

    /// Returns the state that a word names.
    pub fn from_name(name: &str) -> Option<RequestState> {
        RequestState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether the request ends with it: it leaves after the close.
    pub const fn is_end(self) -> bool {
        matches!(self, RequestState::Confirmed | RequestState::DeemedConfirmed)
    }
}
