// Package fire holds the hall under fire: kiosks, centers and PostgreSQL that are
// killed, cut off and given wrong clocks while citizens take numbers and clerks call
// them. At the end the ledgers must agree, and what the database noted of each
// transaction shows that no ticket went a way that there isn't and nobody was passed
// over. Beside it stands what an operator does on purpose: centers that are
// restarted in turn, without a call that fails. It has tests only.
package fire
