import { QueryClientProvider } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { queryClient } from "./api/queries";
import { useSession } from "./auth/session";
import { type Config, ConfigContext } from "./config";
import { Shell } from "./shell";
import {
  declareLanguage,
  keepLanguage,
  type Language,
  load,
  TextProvider,
  type Translation,
} from "./text";
import { Boundary } from "./ui/boundary";
import { say, Toasts } from "./ui/toasts";

interface Props extends Translation {
  config: Config;
}

export function App({ config, ...first }: Props) {
  const [words, setWords] = useState(first);
  const uid = useSession().user?.uid;
  const choose = useCallback(
    async (language: Language) => {
      try {
        const texts = await load(language);
        keepLanguage(language);
        setWords({ language, texts });
      } catch {
        say(words.texts.problems.partMissing, "bad");
      }
    },
    [words],
  );
  useEffect(() => {
    declareLanguage(words.language);
  }, [words]);
  return (
    <ConfigContext value={config}>
      <TextProvider language={words.language} texts={words.texts} choose={choose}>
        <Boundary texts={words.texts}>
          <QueryClientProvider client={queryClient}>
            <Shell key={uid ?? ""} />
            <Toasts />
          </QueryClientProvider>
        </Boundary>
      </TextProvider>
    </ConfigContext>
  );
}
