import { byId } from './dom.mjs';

const THEMES = ['auto', 'light', 'dark'];
const NAMES = { auto: '◐ Auto', light: '☀ Light', dark: '☾ Dark' };
const KEY = 'solana-trades-theme';

/** The button that changes between the system's theme, light and dark. `changed` is told, so that canvases follow. */
export function startTheme(changed) {
  const button = byId('theme');
  let theme = remembered();
  const apply = () => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = NAMES[theme];
    button.setAttribute('aria-label', `${NAMES[theme]} theme, change`);
    changed();
  };
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Kept for this visit only.
    }
    apply();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  apply();
}

function remembered() {
  try {
    const theme = localStorage.getItem(KEY);
    return THEMES.includes(theme) ? theme : 'auto';
  } catch {
    return 'auto';
  }
}
