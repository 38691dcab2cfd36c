//! The kinds of events.

/// A kind of event: its domain and event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    AccountStatusChange,
    TransactionNewValue,
    PageView,
    DeviceTelemetry,
    AccountCreation,
    OrderPlaced,
    CardIssued,
    TransactionReversal,
}

/// How a kind spells an instant: every spelling that RFC 3339 allows and producers use, and the one without an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimestampForm {
    /// `2021-01-14T10:18:57`, meant as UTC.
    Local,
    /// `2021-01-14T10:18:57Z`.
    Utc,
    /// `2021-01-14T10:18:57.123Z`, with that many digits of fraction.
    Fraction(u32),
    /// `2021-01-14T15:48:57+05:30`: near midnight, its text names another day than its instant.
    Offset,
}

impl Kind {
    /// All kinds, the most useful first: a configuration with fewer kinds takes the first ones.
    pub(crate) const ALL: [Self; 8] = [
        Self::AccountStatusChange,
        Self::TransactionNewValue,
        Self::PageView,
        Self::DeviceTelemetry,
        Self::AccountCreation,
        Self::OrderPlaced,
        Self::CardIssued,
        Self::TransactionReversal,
    ];

    /// The value of `domain`.
    pub(crate) fn domain(self) -> &'static str {
        match self {
            Self::AccountStatusChange | Self::AccountCreation => "account",
            Self::TransactionNewValue | Self::TransactionReversal => "transaction",
            Self::CardIssued => "card",
            Self::OrderPlaced => "order",
            Self::DeviceTelemetry => "device",
            Self::PageView => "page",
        }
    }

    /// The value of `event_type`.
    pub(crate) fn event_type(self) -> &'static str {
        match self {
            Self::AccountStatusChange => "status-change",
            Self::AccountCreation => "creation",
            Self::TransactionNewValue => "new-value",
            Self::TransactionReversal => "reversal",
            Self::CardIssued => "issued",
            Self::OrderPlaced => "placed",
            Self::DeviceTelemetry => "telemetry",
            Self::PageView => "view",
        }
    }

    /// How often it occurs, against the sum over the kinds in use.
    ///
    /// Uneven on purpose, from a third to a fiftieth: partitions of one day differ in size as they do in life.
    pub(crate) fn weight(self) -> u64 {
        match self {
            Self::AccountStatusChange => 32,
            Self::TransactionNewValue => 22,
            Self::PageView => 14,
            Self::DeviceTelemetry => 12,
            Self::AccountCreation => 8,
            Self::OrderPlaced => 6,
            Self::CardIssued => 4,
            Self::TransactionReversal => 2,
        }
    }

    /// How it spells its timestamp.
    pub(crate) fn timestamp_form(self) -> TimestampForm {
        match self {
            Self::AccountStatusChange => TimestampForm::Local,
            Self::AccountCreation | Self::OrderPlaced => TimestampForm::Utc,
            Self::TransactionNewValue | Self::PageView => TimestampForm::Fraction(3),
            Self::TransactionReversal => TimestampForm::Fraction(6),
            Self::DeviceTelemetry => TimestampForm::Fraction(9),
            Self::CardIssued => TimestampForm::Offset,
        }
    }
}
