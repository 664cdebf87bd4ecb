import { type ReactNode, useEffect, useRef } from "react";
import { useWords } from "../text";
import { Icon } from "./icons";
import { late, useLate } from "./late";
import { say } from "./toasts";

const parts = late(async () => (await import("@base-ui/react/dialog")).Dialog);

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  /** A sentence below the title. */
  lead?: ReactNode;
  /** A decision is lost by no click beside it, and begins with no button in focus. */
  decisive?: boolean;
  children: ReactNode;
}

/** A window over the page, which keeps the focus until it is closed. Its code is loaded when used. */
export function Dialog({ open, onClose, title, lead, decisive = false, children }: Props) {
  const { t } = useWords();
  const { code: Base, load } = useLate(parts);
  const popup = useRef<HTMLDivElement>(null);
  const failed = useRef(() => {});
  failed.current = () => {
    say(t.problems.partMissing, "bad");
    onClose();
  };
  const isNeeded = open && !Base;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for once, when it is needed
  useEffect(() => {
    if (isNeeded) load().catch(() => failed.current());
  }, [isNeeded]);
  if (!Base) return null;
  return (
    <Base.Root
      open={open}
      onOpenChange={(next) => !next && onClose()}
      disablePointerDismissal={decisive}
    >
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className="dialog" ref={popup} {...(decisive && { initialFocus: popup })}>
          <Base.Title className="dialog-title">{title}</Base.Title>
          {lead && <Base.Description className="dialog-lead">{lead}</Base.Description>}
          {children}
          {/* Last, so that the first thing in focus is what the window is for. */}
          <Base.Close className="button button-quiet button-icon close" aria-label={t.common.close}>
            <Icon name="cross" />
          </Base.Close>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
