import { Toast } from "@base-ui/react/toast";
import { useWords } from "../text";
import { Icon } from "./icons";

const manager = Toast.createToastManager();

/** Says something at the page's edge, and to screen readers, for a few seconds. */
export function say(title: string, tone: "good" | "bad" = "good") {
  manager.add({ title, type: tone, priority: tone === "bad" ? "high" : "low" });
}

function List() {
  const { toasts } = Toast.useToastManager();
  const { t } = useWords();
  return toasts.map((toast) => (
    <Toast.Root className={`toast toast-${toast.type}`} key={toast.id} toast={toast}>
      <Icon name={toast.type === "bad" ? "warn" : "check"} />
      <Toast.Title className="toast-title" />
      <Toast.Close className="button button-quiet button-icon" aria-label={t.common.close}>
        <Icon name="cross" />
      </Toast.Close>
    </Toast.Root>
  ));
}

export function Toasts() {
  return (
    <Toast.Provider toastManager={manager} timeout={4_000} limit={3}>
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}
