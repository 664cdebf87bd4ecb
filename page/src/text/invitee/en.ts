/** Texts for invitees: the decision, refusals, and their inviter. */
export const invitee = {
  join: {
    title: "You're invited",
    review: "Review the invitation and decide.",
    window: {
      title: "Confirm your inviter",
      lead: "You're invited by",
      get: "You get back",
      ofSpot: "of spot and margin fees",
      ofFutures: "of futures fees",
      nothing: "This link gives you no fees back",
      nothingText: "Your inviter keeps the whole commission on your fees.",
      forLife: "One inviter, for life",
      forLifeText:
        "You can't change or remove your inviter later. Your trading fees stay the same: the commission is paid out of them.",
      bind: "Bind Now",
      binding: "Binding…",
      later: "Not now",
      expiresIn: (minutes: string) => `Expires in ${minutes} min`,
      expiresAt: (time: string) => `Expires at ${time}`,
      renewed: "This window expired and was reloaded. Please check the details again.",
    },
    closed: "No changes made. The invitation stays open.",
    reopen: "Review invitation",
    refusedFrom: "You can accept from",
    unlessChanged: "If nothing else changes until then.",
    ownTime: (utc: string) => `Your time (${utc})`,
    remind: "Add a reminder to your calendar",
    reminder: (brand: string) => `Accept your invitation to ${brand}`,
    reminderText: "You can now accept. Open the link, sign in and choose Bind Now:",
    support: "Contact support",
    checks: "Requirements",
    checksMet: (met: string, all: string) => `${met} of ${all} met`,
    met: "met",
    notMet: "not met",
    needs: {
      account_age: (days: string) => `Account older than ${days} days`,
      inactivity: (days: string) => `No trades or product use for more than ${days} days`,
    },
    since: {
      account_age: (instant: string) => `opened ${instant}`,
      inactivity: (instant: string) => `last used ${instant}`,
    },
    never: "never used",
    bound: "You're all set",
    boundText: (inviter: string) => `${inviter} is now your inviter.`,
    nextTitle: "What happens now",
    next: [
      "Trade spot, margin or futures as usual. Your fees stay the same.",
      "Each day ends at midnight UTC. What you get back for it appears the next morning.",
      "Find it at any time under My inviter.",
    ],
    nextShared: (spot: string, futures: string) =>
      `You get back ${spot} of spot and margin fees and ${futures} of futures fees.`,
    nextNothing: [
      "Trade spot, margin or futures as usual. Your fees stay the same.",
      "This link gives you no fees back.",
      "Find your inviter at any time under My inviter.",
    ],
    alreadyThis: "You've already accepted this invitation",
    ownAction: "Go to your links",
    seeInviter: "Go to My inviter",
  },

  /** What an inviter learns about an invitee: the fields of the API's invitees and lines. */
  seen: {
    title: "What your inviter will see",
    titleNow: "What your inviter sees",
    points: [
      "Your full user ID and when you accepted",
      "The days you trade, with the times of your first and latest trade",
      "Your traded volume and the fees you pay, by day, product and asset",
      "Why a fee earns no commission: for example your VIP level or region",
    ],
    not: "Never your name or your balances.",
  },

  legal: { label: "About this programme", terms: "Terms", privacy: "Privacy", support: "Support" },

  bindReasons: {
    inviter_not_affiliate: {
      title: "This inviter has left the programme",
      text: "They can't invite anyone at the moment. You can use another person's link.",
      check: "Inviter is in the affiliate programme",
    },
    self_referral: {
      title: "This is your own link",
      text: "You can't use your own link. Share it with someone else.",
      check: "Someone else's link",
    },
    already_bound: {
      title: "You already have an inviter",
      text: "Each account has one inviter, for life. This can't be changed.",
      check: "No inviter yet",
    },
    account_too_young: {
      title: "Your account is too new",
      text: "This invitation is for accounts that have been open for a while.",
      check: "Account is old enough",
    },
    recently_active: {
      title: "Your account was active recently",
      text: "This invitation is for accounts that haven't been used for a while. Each trade and each use of a product restarts the wait; signing in doesn't.",
      check: "No recent activity",
    },
    unknown_account: {
      title: "We don't know your account yet",
      text: "New accounts can take a while to appear. Try again later.",
      check: "Account is known",
    },
    unknown_link: {
      title: "This link doesn't exist",
      text: "It may be incomplete. Ask the person who sent it for a new one.",
      check: "Link exists",
    },
    link_not_recall_capable: {
      title: "This link is for new users only",
      text: "You already have an account. Ask your inviter for their latest link, which works for you too.",
      check: "Link works for existing users",
    },
    sub_account: {
      title: "You're signed in with a sub-account",
      text: "Only main accounts can accept. Sign in with your main account and open the link again.",
      check: "Main account",
    },
    inviter_registered_after_invitee: {
      title: "Your account is older than your inviter's",
      text: "Inviters can only bring back accounts that are newer than their own.",
      check: "Inviter's account is older than yours",
    },
    same_identity: {
      title: "You and your inviter are the same person",
      text: "Two accounts of the same person can't invite each other.",
      check: "Inviter is another person",
    },
    region_blocked_inviter: {
      title: "Not available in your inviter's region",
      text: "Your inviter can't invite anyone from their country or region.",
      check: "Available in your inviter's region",
    },
    region_blocked_invitee: {
      title: "Not available in your region",
      text: "The programme isn't available in your country or region.",
      check: "Available in your region",
    },
  },

  inviter: {
    title: "My inviter",
    by: "Invited by",
    since: "Since",
    code: "Link",
    spot: "Spot & margin fees",
    futures: "Futures fees",
    received: "Fees you got back",
    receivedNothing: "Nothing yet. What you get back appears the morning after each trading day.",
    noShare: "Your inviter's link gives you no fees back.",
    forLife: "Your inviter is for life and can't be changed or removed.",
    voided: (instant: string) =>
      `This invitation was cancelled on ${instant}: later information showed that the requirements weren't met. It earns nothing.`,
    noneTitle: "You don't have an inviter",
    noneText:
      "To accept an invitation, open its link, sign in and choose Bind Now. Entering a code by hand doesn't work.",
    asset: "Asset",
    amount: "Amount",
    usd: "In US dollars",
    masked: "For privacy, you see only the first and the last character of their user ID.",
  },
};
