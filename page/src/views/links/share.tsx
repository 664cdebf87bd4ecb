import { useWords } from "../../text";
import { Icon } from "../../ui/icons";
import { Menu, MenuItem } from "../../ui/menu";
import { say } from "../../ui/toasts";

/** The system's own way to share where it has one; else a message and an e-mail. */
export function Share({ url }: { url: string }) {
  const { t } = useWords();
  const message = t.links.shareMessage(url);
  const content = (
    <>
      <Icon name="share" />
      {t.links.share}
    </>
  );
  if (typeof navigator.share === "function") {
    // That the user changed his mind is no failure.
    const share = () => navigator.share({ text: message, url }).catch(() => {});
    return (
      <button type="button" className="button" onClick={share}>
        {content}
      </button>
    );
  }
  const copy = async () => {
    await navigator.clipboard.writeText(message);
    say(t.common.copied);
  };
  const mail = () => location.assign(`mailto:?body=${encodeURIComponent(message)}`);
  return (
    <Menu button={content}>
      <MenuItem icon="copy" onClick={copy}>
        {t.links.copyMessage}
      </MenuItem>
      <MenuItem icon="mail" onClick={mail}>
        {t.links.mail}
      </MenuItem>
    </Menu>
  );
}
