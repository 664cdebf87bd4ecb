import { sendEarly } from "./api/early";
import { storedUser } from "./auth/stored";
import { loadConfig } from "./config-file";
import { declareLanguage, preferredLanguage } from "./text/language";
import { preloadTexts } from "./text/preload";
import { applyTheme } from "./ui/theme-store";
import { preloadView } from "./views/loads";

/** The first requests of an affiliate's views, which are sent while the code is loading. */
const FIRST = ["/v1/link", "/v1/dashboard"];

applyTheme();
// The frame in the document gets the direction that the page will have.
const language = preferredLanguage();
declareLanguage(language);
preloadTexts(language);
// The application reports a failure.
loadConfig().catch(() => {});
const user = storedUser();
if (user) {
  for (const path of FIRST) sendEarly(path, user.token);
  preloadView(location.pathname);
}
void import("./main");
