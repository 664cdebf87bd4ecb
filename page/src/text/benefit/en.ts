/** The invitee's benefit as a headline: on the landing, in messages and on posters. */
export const benefit = {
  getBoth: (rate: string) => `Get ${rate} of your trading fees back`,
  getSpot: (rate: string) => `Get ${rate} of your spot fees back`,
  getFutures: (rate: string) => `Get ${rate} of your futures fees back`,
  getEach: (spot: string, futures: string) =>
    `Get ${spot} of your spot and ${futures} of your futures fees back`,
};

/** The catalogue's shape, for the other languages. */
export type BenefitTexts = typeof benefit;
