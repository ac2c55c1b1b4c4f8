//go:build race

package display

const race = true
