//! The closed list of reasons: why a bind is refused, and why a fee earned nothing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Malformed;

macro_rules! reasons {
    ($($variant:ident, $code:literal, bind: $bind:literal, fee: $fee:literal, $sentence:literal;)+) => {
        /// Why a bind is refused or a fee earned nothing: the one list for code, API, page and
        /// exports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason {
            $(#[doc = $sentence] $variant),+
        }

        impl Reason {
            /// Every reason, in the order of the domain's list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code, as `already_bound`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// One sentence for a person.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence),+ }
            }

            /// Whether a bind can be refused for it.
            #[must_use]
            pub const fn refuses_bind(self) -> bool {
                match self { $(Self::$variant => $bind),+ }
            }

            /// Whether a fee can earn nothing for it.
            #[must_use]
            pub const fn zeroes_fee(self) -> bool {
                match self { $(Self::$variant => $fee),+ }
            }
        }

        impl FromStr for Reason {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                match text {
                    $($code => Ok(Self::$variant),)+
                    _ => Err(Malformed::expected("a reason code of the programme")),
                }
            }
        }
    };
}

// Stored lines hold positions of this list, so that a new reason is added at the end.
reasons! {
    InviterNotAffiliate, "inviter_not_affiliate", bind: true, fee: true,
        "The inviter is not in the affiliate programme.";
    SelfReferral, "self_referral", bind: true, fee: false,
        "A link's owner cannot be invited by it.";
    AlreadyBound, "already_bound", bind: true, fee: false,
        "This account already has an inviter, and that is for life.";
    AccountTooYoung, "account_too_young", bind: true, fee: false,
        "The account is not old enough yet.";
    RecentlyActive, "recently_active", bind: true, fee: false,
        "The account has traded or used a product too recently.";
    UnknownAccount, "unknown_account", bind: true, fee: false,
        "The exchange has not told us of this account yet.";
    UnknownLink, "unknown_link", bind: true, fee: false,
        "There is no referral link with this code.";
    LinkNotRecallCapable, "link_not_recall_capable", bind: true, fee: false,
        "This link invites new users only; the inviter's latest link invites existing users too.";
    SubAccount, "sub_account", bind: true, fee: false,
        "A sub-account cannot be bound; its main account can.";
    InviterRegisteredAfterInvitee, "inviter_registered_after_invitee", bind: true, fee: false,
        "The inviter's account is younger than the invited account.";
    SameIdentity, "same_identity", bind: true, fee: false,
        "Inviter and invitee are the same person.";
    RegionBlockedInviter, "region_blocked_inviter", bind: true, fee: false,
        "The programme is not available where the inviter is.";
    RegionBlockedInvitee, "region_blocked_invitee", bind: true, fee: false,
        "The programme is not available where the invited user is.";
    VipAboveLimit, "vip_above_limit", bind: false, fee: true,
        "The invitee's VIP level at the trade was above the limit for commission.";
    FuturesWindowEnded, "futures_window_ended", bind: false, fee: true,
        "At tier 0, futures commission is paid for a limited time, and that time was over.";
    FuturesRegionInviter, "futures_region_inviter", bind: false, fee: true,
        "The inviter was in a country where futures commission is not paid.";
    FuturesRegionInvitee, "futures_region_invitee", bind: false, fee: true,
        "The invitee was in a country where futures commission is not paid.";
    InviterNoFuturesAccount, "inviter_no_futures_account", bind: false, fee: true,
        "The inviter had no futures account at the time of the trade.";
    ZeroFee, "zero_fee", bind: false, fee: true,
        "No fee was charged.";
    NegativeFee, "negative_fee", bind: false, fee: true,
        "The fee was a rebate to the trader; it earns nothing and takes nothing.";
    ExcludedFee, "excluded_fee", bind: false, fee: true,
        "Liquidation, funding, delivery and broker fees earn no commission.";
    BeforeBinding, "before_binding", bind: false, fee: true,
        "The trade was made before the invitee was bound.";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_reads_back_from_code() {
        for reason in Reason::ALL {
            assert_eq!(reason.code().parse(), Ok(*reason));
            assert_eq!(reason.to_string(), reason.code());
            assert!(reason.refuses_bind() || reason.zeroes_fee());
            assert!(reason.sentence().ends_with('.'));
        }
    }

    #[test]
    fn reasons_keep_their_positions() {
        let stored = [
            "inviter_not_affiliate",
            "self_referral",
            "already_bound",
            "account_too_young",
            "recently_active",
            "unknown_account",
            "unknown_link",
            "link_not_recall_capable",
            "sub_account",
            "inviter_registered_after_invitee",
            "same_identity",
            "region_blocked_inviter",
            "region_blocked_invitee",
            "vip_above_limit",
            "futures_window_ended",
            "futures_region_inviter",
            "futures_region_invitee",
            "inviter_no_futures_account",
            "zero_fee",
            "negative_fee",
            "excluded_fee",
            "before_binding",
        ];
        let codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes[..stored.len()], stored, "a new reason is added at the end");
    }

    #[test]
    fn list_is_domain_s() {
        let binds = Reason::ALL.iter().filter(|r| r.refuses_bind()).count();
        let fees = Reason::ALL.iter().filter(|r| r.zeroes_fee()).count();
        assert_eq!((binds, fees, Reason::ALL.len()), (13, 10, 22));
    }
}
