/** What reads fixtures from the disk: not for pages. */
export { describePretrained } from './pretrained/describe-pretrained';
