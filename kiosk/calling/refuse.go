package calling

import (
	"fmt"

	"hallkiosk/kiosk"
)

var verbWords = map[Verb]string{
	Call: "呼叫", Recall: "重呼", Start: "开始办理", Finish: "办结", NoShow: "标记未到", Park: "挂起",
	PutBack: "放回队列", Transfer: "转到别的队列", Leave: "退号",
}

// stateWords say how a ticket is; those at a window go on with the window.
var stateWords = map[kiosk.State]string{
	kiosk.Waiting: "正在等候", kiosk.Parked: "已挂起", kiosk.Done: "已经办结", kiosk.Missed: "已过号作废", kiosk.Left: "已经退号",
	kiosk.Called: "正在%s号窗口呼叫", kiosk.Serving: "正在%s号窗口办理",
}

func conflict(op, message, hint string, args ...any) error {
	return &kiosk.Error{Code: kiosk.EConflict, Op: op, Message: message, Hint: fmt.Sprintf(hint, args...)}
}

func invalid(c Command, message, hint string, args ...any) error {
	return &kiosk.Error{Code: kiosk.EInvalid, Op: string(c.Verb), Message: message, Hint: fmt.Sprintf(hint, args...)}
}

func noWindow(op string, id kiosk.WindowID) error {
	return &kiosk.Error{Code: kiosk.ENotFound, Op: op, Message: "这个队列没有该窗口。", Hint: fmt.Sprintf("no window %q in this queue", id)}
}

func occupied(op string, w kiosk.WindowID, t *Ticket) error {
	return conflict(op, fmt.Sprintf("%s号窗口还有%s，请先办结、标记未到或放回。", w, t.Number),
		"window %s has ticket %s (%s); finish, noshow, park or put it back first", w, t.Number, t.State)
}

func illegal(c Command, t *Ticket) error {
	words, at := stateWords[t.State], "at no window"
	if t.Window != "" {
		words, at = fmt.Sprintf(words, t.Window), "at window "+string(t.Window)
	}
	rule := legal[c.Verb]
	need := fmt.Sprintf("it %v at no window", rule.away)
	if len(rule.here) > 0 {
		need = fmt.Sprintf("it %v at window %q", rule.here, c.Window)
		if len(rule.away) > 0 {
			need += fmt.Sprintf(" or %v at no window", rule.away)
		}
	}
	return conflict(string(c.Verb), fmt.Sprintf("%s%s，不能%s。", t.Number, words, verbWords[c.Verb]),
		"ticket %s is %s %s; %s needs %s", t.Number, t.State, at, c.Verb, need)
}
