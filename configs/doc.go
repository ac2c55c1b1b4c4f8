// Package configs reads the files that people edit: the terminal's kiosk.toml,
// the center's center.toml, the hall's catalog and calendar, the papers' layouts
// and the printers' profiles. It ships one good example of each, embedded in the
// programs.
//
// Reading is strict and patient: an unknown key, a wrong type or a value that
// can't be right is a Problem with its place in the file, and all problems of
// a file are found at once. Nothing here opens a device or a network.
package configs

import (
	"embed"
	"io/fs"
)

//go:embed kiosk.toml center.toml catalog calendar papers printers
var shipped embed.FS

// Shipped returns the files that come with the programs: kiosk.toml,
// center.toml, catalog/, calendar/, papers/ and printers/.
func Shipped() fs.FS { return shipped }
