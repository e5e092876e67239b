// The page's own words (the bot's come from the bot), and times and sizes in the reader's way.

const WORDS = {
  en: {
    sample: "sample data", bot: "bot", typing: "is typing…", connecting: "connecting…",
    lost: "stopped – start the demo again", breakThings: "Break things",
    panelLead: "The bot watches a sample tracker that really runs on this machine. Break something, then see the alert in the chat: take it, mute it, repair it.",
    tracker: "The sample tracker", askIt: "Ask the bot", language: "Language",
    trackerNote: "Invented quests, written to a temporary folder every few seconds. All of it is deleted when the demo ends.",
    message: "Message", send: "Send", commands: "Commands", panel: "Break things", close: "Close",
    down: "To the newest message", edited: "edited", silent: "silent", sound: "with sound",
    unread: "New messages", today: "Today", yesterday: "Yesterday", copied: "Copied", more: "Show more",
    less: "Show less", photo: "Photo", document: "Document", openPhoto: "Open the photo", reveal: "Show the spoiler",
    introTitle: "What can this bot do?", start: "Start",
    introText: "Vigie watches the scrapers of a Web3 opportunities tracker and says so when something breaks. Everything here is sample data.",
    noAnswer: "The bot did not answer", gone: "Deleted message", write: "writing",
    stop_scrapers: ["Scrapers", "Stop", "Start", "Ends the tracker’s process, as a crash would."],
    corrupt: ["Data file", "Corrupt", "Repair", "Cuts one file in half, as a full disk would."],
    freeze: ["Fresh data", "Freeze", "Thaw", "The scrapers live on but write nothing new."],
    load_cpu: ["Processor", "Load", "Release", "Keeps every core busy, at the lowest priority."],
    delete_data: ["Data folder", "Delete", "Put back", "Takes the whole folder away. /backup brings it back."],
    stop_bot: ["Vigie itself", "Stop", "Start", "Ends the bot. What it knows is on disk, and goes on from there."], away: "Nobody watches just now",
    hint: "Broken: alert in about {s} s", shows: "Broken: see the alert in the chat", works: "Repaired: the all-clear follows",
    scrapers: "Scrapers", running: "running", stopped: "stopped", files: "Data files", newest: "Newest data",
    none: "none", cpu: "CPU load", busy: "{n} busy processes", idle: "none", corruptFile: "Corrupted",
  },
  fr: {
    sample: "données d’exemple", bot: "bot", typing: "écrit…", connecting: "connexion…",
    lost: "arrêté – relancez la démo", breakThings: "Casser quelque chose",
    panelLead: "Le bot surveille un tracker d’exemple qui tourne vraiment sur cette machine. Cassez quelque chose ici, puis voyez l’alerte, prenez-la, mettez-la en sourdine, réparez.",
    tracker: "Le tracker d’exemple", askIt: "Demander au bot", language: "Langue",
    trackerNote: "Des quêtes inventées, écrites toutes les quelques secondes dans un dossier temporaire. Tout est effacé à la fin de la démo.",
    message: "Message", send: "Envoyer", commands: "Commandes", panel: "Casser quelque chose", close: "Fermer",
    down: "Au dernier message", edited: "modifié", silent: "silencieux", sound: "avec son",
    unread: "Nouveaux messages", today: "Aujourd’hui", yesterday: "Hier", copied: "Copié", more: "Voir plus",
    less: "Voir moins", photo: "Photo", document: "Document", openPhoto: "Agrandir la photo", reveal: "Montrer le texte caché",
    introTitle: "Que sait faire ce bot ?", start: "Démarrer",
    introText: "Vigie surveille les scrapers d’un tracker d’opportunités Web3 et le dit quand quelque chose casse. Tout ce que vous voyez ici est inventé.",
    noAnswer: "Le bot n’a pas répondu", gone: "Message supprimé", write: "écrit",
    stop_scrapers: ["Scrapers", "Arrêter", "Relancer", "Met fin au processus du tracker, comme un plantage."],
    corrupt: ["Fichier de données", "Abîmer", "Réparer", "Coupe un fichier en deux, comme un disque plein."],
    freeze: ["Données fraîches", "Geler", "Dégeler", "Les scrapers vivent mais n’écrivent plus rien."],
    load_cpu: ["Processeur", "Charger", "Libérer", "Occupe tous les cœurs, à la priorité la plus basse."],
    delete_data: ["Dossier de données", "Supprimer", "Remettre", "Emporte tout le dossier. /sauvegarde le ramène."],
    stop_bot: ["Vigie elle-même", "Arrêter", "Relancer", "Met fin au bot. Ce qu’il sait est sur le disque, il reprend là."], away: "Personne ne veille en ce moment",
    hint: "Cassé : alerte dans {s} s environ", shows: "Cassé : voyez l’alerte dans la conversation", works: "Réparé : le retour à la normale suit",
    scrapers: "Scrapers", running: "en marche", stopped: "arrêtés", files: "Fichiers", newest: "Données",
    none: "aucune", cpu: "Charge", busy: "{n} processus occupés", idle: "aucune", corruptFile: "Abîmé",
  },
};

let code = "en";
// The page's language in the reader's own regional form, such as en-GB.
const region = () => (navigator.languages ?? []).find((one) => one.split("-")[0] === code) ?? code;
export const language = () => code;
export function speak(wanted) { code = WORDS[wanted] ? wanted : "en"; document.documentElement.lang = code; }
export const say = (key, values = {}) =>
  String(WORDS[code][key]).replace(/\{(\w+)\}/g, (_, name) => values[name]);
export const words = (key) => WORDS[code][key];
export const hasWords = (key) => key in WORDS.en;

const SHAPES = {
  w: { weekday: "short" }, W: { weekday: "long" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  t: { timeStyle: "short" }, T: { timeStyle: "medium" },
};
const SLACK_S = 5; // 29 min 56 s reads "30 minutes"
const FULL = { dateStyle: "full", timeStyle: "medium" };
const format = (unix, shape) => new Intl.DateTimeFormat(region(), shape).format(unix * 1000);
export const clock = (unix) => format(unix, SHAPES.t);
export const fullTime = (unix) => format(unix, FULL);

export function ago(unix) {
  const seconds = Math.round(unix - Date.now() / 1000);
  const near = new Intl.RelativeTimeFormat(code, { numeric: "auto" });
  for (const [unit, size] of [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]]) {
    const whole = Math.floor((Math.abs(seconds) + SLACK_S) / size);
    if (whole) return near.format(whole * Math.sign(seconds), unit);
  }
  return near.format(seconds, "second");
}

// One tg-time format, such as r, t, wD or wdT.
export function timeText(unix, shape) {
  if (shape === "r") return ago(unix);
  const alone = shape === "w";
  return [...shape].map((one) => format(unix, SHAPES[alone ? "W" : one])).join(" ");
}

export function day(unix) {
  const date = new Date(unix * 1000), now = new Date();
  const days = Math.round((new Date(now.toDateString()) - new Date(date.toDateString())) / 86400000);
  if (days === 0) return say("today");
  if (days === 1) return say("yesterday");
  return new Intl.DateTimeFormat(region(), { day: "numeric", month: "long" }).format(date);
}

export function size(bytes) {
  const unit = bytes >= 1e6 ? ["megabyte", 1e6] : bytes >= 1000 ? ["kilobyte", 1000] : ["byte", 1];
  const style = { style: "unit", unit: unit[0], unitDisplay: bytes >= 1000 ? "short" : "narrow", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(code, style).format(bytes / unit[1]);
}
