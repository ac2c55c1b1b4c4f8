//go:build !race

package screen_test

const race = false
