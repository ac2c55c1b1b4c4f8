package center

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hallkiosk/kiosk"
)

// Orders is the part of a Store that keeps what is wanted of the kiosks. Every
// change raises the hall's version; an OrderDone event of the kiosk that an
// order names ends it, in the transaction that stores the event. Errors as of
// Store.
type Orders interface {
	// Order stores an order of hall, and who made it. The same op again does
	// nothing and returns the order that it made. EInvalid: it can't be right.
	// EConflict: op was used for another order, or MaxOrders are in force.
	Order(ctx context.Context, op kiosk.OpID, hall kiosk.HallID, o kiosk.Order, e Entry) (kiosk.Order, error)

	// TakeBack ends an order of hall. ENotFound when there is none, EConflict
	// when it has ended already.
	TakeBack(ctx context.Context, hall kiosk.HallID, id kiosk.OrderID, e Entry) error

	// Orders returns at most limit orders of hall, newest first.
	Orders(ctx context.Context, hall kiosk.HallID, limit int) ([]Ordered, error)

	// InForce returns the orders of hall in force at now, oldest first.
	InForce(ctx context.Context, hall kiosk.HallID, now kiosk.Instant) ([]kiosk.Order, error)
}

// MaxOrders are how many orders of a hall may be in force at a time; each is
// part of every news.
const MaxOrders = 50

// Ordered is an order and what became of it.
type Ordered struct {
	kiosk.Order
	By    string // the account
	Made  time.Time
	Ended time.Time // taken back or done; zero: neither
	Done  bool      // the kiosk said so
	Fault string    // with Done: why it couldn't, in Chinese
}

// InForce says whether the order is in the news at now.
func (o Ordered) InForce(now kiosk.Instant) bool {
	return o.Ended.IsZero() && (o.Until == 0 || o.Until > now)
}

// CheckOrder refuses what can't be right about an order, and returns its text
// as JSON.
func CheckOrder(op kiosk.OpID, hall kiosk.HallID, o kiosk.Order) (words string, err error) {
	refuse := func(zh, en string) (string, error) {
		return "", &kiosk.Error{Code: kiosk.EInvalid, Op: "order", Message: zh, Hint: en}
	}
	for _, t := range []string{o.Text.Zh, o.Text.Hant, o.Text.En} {
		if len(t) > maxWords || !utf8.ValidString(t) || strings.ContainsRune(t, 0) {
			return refuse("文字太长了，最多 100 个汉字。", "the text must be at most 300 bytes in each language")
		}
	}
	kinds := []kiosk.Doing{kiosk.PauseQueue, kiosk.PrintAgain, kiosk.ShowMessage}
	first := kiosk.Number{Queue: o.Queue, N: 1}
	back, bad := kiosk.ParseNumber(first.String())
	switch {
	case op == "" || !text(string(op)) || o.ID == "" || !text(string(o.ID)) || !name.MatchString(string(hall)) || !text(string(o.Ticket)):
		return refuse("指令的内容不对。", "op, id, hall and ticket must be at most 64 bytes of text")
	case !slices.Contains(kinds, o.Do):
		return refuse("没有这种指令。", "do must be pause, reprint or message")
	case o.Kiosk != "" && !name.MatchString(string(o.Kiosk)):
		return refuse("终端编号不对。", "the kiosk must be 1 to 64 letters, digits, dots, hyphens or underscores")
	case (o.Queue != "") != (o.Do == kiosk.PauseQueue) || o.Queue != "" && (bad != nil || back != first || !text(string(o.Queue))):
		return refuse("暂停取号要写明队列。", "pause needs a queue of letters from A to Z, and nothing else may have one")
	case (o.Ticket != "") != (o.Do == kiosk.PrintAgain) || o.Do == kiosk.PrintAgain && o.Kiosk == "":
		return refuse("补打要写明号票和终端。", "reprint needs a ticket and a kiosk, and nothing else may have a ticket")
	case o.Text.Zh == "" && o.Do != kiosk.PrintAgain:
		return refuse("请写给市民看的中文说明。", "pause and message need a text in Chinese")
	case o.Until < 0:
		return refuse("结束的时间不对。", "until lies before 1970")
	}
	list, err := json.Marshal(o.Text)
	return string(list), err
}

// SameOrder returns the order that an op has made, or the refusal when it was
// another one that is asked for.
func SameOrder(made, asked kiosk.Order) (kiosk.Order, error) {
	asked.ID, asked.Until = made.ID, made.Until
	if made != asked {
		return kiosk.Order{}, &kiosk.Error{Code: kiosk.EConflict, Op: "order", Message: "这个操作编号已经用过，请重新操作。", Hint: "the op was used for another order"}
	}
	return made, nil
}

// TooManyOrders is the error of a Store where MaxOrders are in force.
func TooManyOrders() error {
	return &kiosk.Error{Code: kiosk.EConflict, Op: "order", Message: "生效中的指令太多了，请先撤回一些。", Hint: "50 orders of this hall are in force; take some back first"}
}

// NoOrder is the error of a Store that has no such order; ended says that it
// had one.
func NoOrder(ended bool) error {
	if ended {
		return &kiosk.Error{Code: kiosk.EConflict, Op: "take back order", Message: "这条指令已经结束。", Hint: "the order was taken back or done before"}
	}
	return &kiosk.Error{Code: kiosk.ENotFound, Op: "take back order", Message: "找不到这条指令。", Hint: "no such order in this hall"}
}
