// Package printer puts tickets on paper and says truthfully what became of
// them. Slip is what a ticket says, Render lays it out as ESC/POS, and Dev runs
// one print attempt at a time on a line that is handed in.
//
// A ticket counts as printed only when the printer, asked after the cut, has
// answered that all is done and no fault was seen; every other outcome is told
// as what it is. See kiosk.PrintState.
package printer
