import { useSyncExternalStore } from "react";
import { useWords } from "../text";
import { Icon } from "./icons";

function listen(listener: () => void) {
  addEventListener("online", listener);
  addEventListener("offline", listener);
  return () => {
    removeEventListener("online", listener);
    removeEventListener("offline", listener);
  };
}

/** Says that there is no connection, for as long as there is none. */
export function OfflineNote() {
  const { t } = useWords();
  const online = useSyncExternalStore(listen, () => navigator.onLine);
  return (
    <div role="status">
      {!online && (
        <p className="offline">
          <Icon name="warn" />
          {t.problems.youAreOffline}
        </p>
      )}
    </div>
  );
}
