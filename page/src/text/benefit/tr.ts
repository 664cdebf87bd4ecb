import type { BenefitTexts } from "./en";

export const benefit: BenefitTexts = {
  getBoth: (rate) => `İşlem ücretlerinizin ${rate} kadarını geri alın`,
  getSpot: (rate) => `Spot ücretlerinizin ${rate} kadarını geri alın`,
  getFutures: (rate) => `Vadeli işlem ücretlerinizin ${rate} kadarını geri alın`,
  getEach: (spot, futures) =>
    `Spot ücretlerinizin ${spot}, vadeli işlem ücretlerinizin ${futures} kadarını geri alın`,
};
