import { benefit } from "../benefit/tr";
import type { LandingTexts } from "./en";

export const landing: LandingTexts = {
  name: "Davet programı",
  title: "Davet edildiniz",
  from: (inviter) => `${inviter} sizi davet ediyor`,
  ...benefit,
  invites: (inviter) => `${inviter} sizi yeniden davet ediyor`,
  invitesTo: (inviter, brand) => `${inviter} sizi yeniden davet ediyor: ${brand}`,
  anyone: "Yeniden davetlisiniz",
  anyoneTo: (brand) => `Yeniden davetlisiniz: ${brand}`,
  shares:
    "Davet edeniniz, işlem yaptığınız sürece komisyonunu sizinle paylaşır. Ücretleriniz değişmez.",
  sharesNothing:
    "Bu bağlantı ücretlerinizden size pay vermez. Davet edeniniz ücretlerinizden komisyon kazanır; ücretleriniz değişmez.",
  unknown: "Kimin davet ettiğini ve ne geri alacağınızı görmek için giriş yapın.",
  spot: "Spot ve marjin ücretleri",
  futures: "Vadeli işlem ücretleri",
  none: "Yok",
  signIn: "Devam etmek için giriş yapın",
  signingIn: "Giriş sayfası açılıyor…",
  failed: "Giriş sayfası açılamadı. Bağlantınızı denetleyip yeniden deneyin.",
  noObligation: "Giriş yapmak daveti kabul etmek değildir. Sonraki ekranda siz karar verirsiniz.",
  stepsTitle: "Nasıl çalışır?",
  steps: [
    "Mevcut hesabınızla giriş yapın.",
    "Sizi kimin davet ettiğine ve ne alacağınıza bakın, sonra Şimdi bağlan'ı seçin.",
    "Her zamanki gibi işlem yapın. Ayrıntıları istediğiniz zaman Davet edenim sayfasında görebilirsiniz.",
  ],
  deadTitle: "Bu davet kullanılamıyor",
  dead: "Bağlantı eksik olabilir veya artık geçerli olmayabilir. Gönderenden yenisini isteyin.",
  incompleteTitle: "Bu bağlantı eksik",
  incomplete: "Size gönderilen daveti yeniden açın. Kodu elle yazmak işe yaramaz.",
  loading: "Davet yükleniyor…",
  language: "Dil",
  legal: "Program hakkında",
  terms: "Koşullar",
  privacy: "Gizlilik",
  support: "Destek",
};
