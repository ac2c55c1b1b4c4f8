// Package fire holds the hall under fire: kiosks, centers and PostgreSQL that are
// killed, cut off and given wrong clocks while citizens take numbers, and the
// ledgers that must agree at the end. It has tests only.
package fire
