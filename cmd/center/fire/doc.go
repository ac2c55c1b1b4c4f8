// Package fire holds the hall under fire: kiosks, centers and PostgreSQL that are
// killed, cut off and given wrong clocks while citizens take numbers, and the
// ledgers that must agree at the end. Beside it stands what an operator does on
// purpose: centers that are restarted in turn, without a call that fails. It has
// tests only.
package fire
