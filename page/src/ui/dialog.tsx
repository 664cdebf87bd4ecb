import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { useWords } from "../text";
import { Icon } from "./icons";

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  /** A sentence below the title. */
  lead?: ReactNode;
  /** Whether a click beside it closes it; a decision is not to be lost that way. */
  decisive?: boolean;
  children: ReactNode;
}

/** A window over the page, which keeps the focus until it is closed. */
export function Dialog({ open, onClose, title, lead, decisive = false, children }: Props) {
  const { t } = useWords();
  return (
    <Base.Root
      open={open}
      onOpenChange={(next) => !next && onClose()}
      disablePointerDismissal={decisive}
    >
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className="dialog">
          <div className="dialog-head">
            <Base.Title className="dialog-title">{title}</Base.Title>
            <Base.Close className="button button-quiet button-icon" aria-label={t.common.close}>
              <Icon name="cross" />
            </Base.Close>
          </div>
          {lead && <Base.Description className="dialog-lead">{lead}</Base.Description>}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
