//go:build !race

package display

const race = false
