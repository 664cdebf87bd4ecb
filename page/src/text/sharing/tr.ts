import { benefit } from "../benefit/tr";
import type { SharingTexts } from "./en";

export const sharing: SharingTexts = {
  ...benefit,
  share: "Paylaş",
  message: (headline) => `Davetimle: ${headline}`,
  messagePlain: "Davetimle geri dönün",
  more: "Diğer uygulamalar…",
  telegram: "Telegram",
  whatsapp: "WhatsApp",
  x: "X",
  mail: "E-posta",
  copyMessage: "Mesajı kopyala",
  poster: "Afiş",
  posterTitle: "QR kodlu afiş",
  posterLead: "Gönderiler, sunumlar ve baskı için; davetlilerinizin geri alacaklarıyla birlikte.",
  posterHeadline: "Davetimle geri dönün",
  posterScan: "Kabul etmek için okutun",
  posterOf: (headline, url) => `Afiş: ${headline}. QR kodu: ${url}`,
  posterSvg: "SVG, baskı için",
  posterPng: "PNG, gönderiler için",
  posterFailed: "Afiş oluşturulamadı. Lütfen yeniden deneyin.",
};
