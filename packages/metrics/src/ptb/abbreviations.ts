/**
 * Abbreviations that Stanford's PTBTokenizer 3.4.1 keeps with their dot, as far as captions need them, as alternatives of a pattern in lower case.
 *
 * `ENDING` may end a sentence: before the end of a line the dot may be a mark of its own. `BEFORE` stand before a name or a number, and never end one.
 */
const MONTHS = 'jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec';
const DAYS = 'mon|tue|tues|wed|thu|thurs|fri|sat|sun';
const STATES =
  'ala|ariz|az|ark|calif|colo|conn|ct|dak|del|fla|ga|ill|ind|kans?|ky|la|mass|md|mich|minn|miss|mo|mont|neb|nev|okla|ore?|pa|penn|tenn|tex|va|vt|wash|wisc?|wyo';
const COMPANIES = 'inc|cos?|corp|pp?tys?|ltd|plc|bancorp|bhd|assn|univ|intl|sys';
const PERSONS =
  'jr|sr|bros|ed\\.?d|ph\\.?d|blvd|rd|esq|ave|etc|al|seq|est|ft|oz|lbs?|yrs?|mt|dept|tel|ext|hwy|bldg';

export const ENDING = [MONTHS, DAYS, STATES, COMPANIES, PERSONS].join('|');

export const BEFORE =
  'mr|mrs|ms|miss|drs?|profs?|sens?|reps?|attys?|lt|col|gen|messrs|govs?|adm|rev|maj|sgt|cpl|pvt|capt|ste?|pres|lieut|hon|brig|co?mdr|pfc|spc|supts?|det|' +
  'vs|alex|wm|jos|cie|a\\.k\\.a|cf|treas|prop|op|approx|sq|ca|dist';

/** Only before a number. */
export const BEFORE_NUMBERS = 'nos?|figs?|vols?|pp?|arts?|ext';

/**
 * Words that begin a sentence: a dot between a single letter and one of these ends the sentence before. Found by asking the program about 15,140 words.
 */
export const SENTENCE_STARTS =
  'A|About|According|Additionally|After|An|As|At|But|Earlier|He|Her|Here|However|If|In|It|Last|Many|More|Now|Once|One|Other|Our|She|Since|So|Some|Such|That|The|Their|Then|There|These|They|This|We|What|When|While|Yet|You';
