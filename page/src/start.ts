import { sendEarly } from "./api/early";
import { storedUser } from "./auth/stored";
import { loadConfig } from "./config-file";
import { declareLanguage, preferredLanguage } from "./text/language";
import { preloadTexts } from "./text/preload";
import { applyTheme } from "./ui/theme-store";
import { preloadView } from "./views/loads";

/**
 * What every view of the affiliate asks for first. The answers come while the code is on its way, and
 * not after it.
 */
const FIRST = ["/v1/link", "/v1/dashboard"];

applyTheme();
// The frame in the document is laid out in the direction that the page will have.
const language = preferredLanguage();
declareLanguage(language);
preloadTexts(language);
loadConfig().catch(() => {});
const user = storedUser();
if (user) {
  for (const path of FIRST) sendEarly(path, user.token);
  preloadView(location.pathname);
}
void import("./main");
