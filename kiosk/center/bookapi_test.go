package center_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
	. "hallkiosk/kiosk/center/centertest"
)

// cardNumber is the specimen of GB 11643.
const cardNumber = "11010519491231002X"

// ask sends a request of somebody and reads the answer into v.
func (h *hall) ask(who, method, path, body string, want int, v any) answer {
	h.Helper()
	a := h.do(method, "/v1/halls/"+path, strings.NewReader(body), "Who", who, "Content-Type", "application/json")
	if a.status != want {
		h.Fatalf("%s %s: %d %s, want %d", method, path, a.status, a.body, want)
	}
	if v != nil && want < 300 {
		if err := json.Unmarshal([]byte(a.body), v); err != nil {
			h.Fatalf("%s: %v", a.body, err)
		}
	}
	if want >= 400 && (a.header.Get("Content-Type") != "application/problem+json" || a.Detail == "" || a.Message == "") {
		h.Fatalf("no problem: %s", a.body)
	}
	return a
}

// words is ask for a refusal that the clerk reads.
func (h *hall) words(who, method, path, body string, want int, words string) {
	h.Helper()
	if a := h.ask(who, method, path, body, want, nil); !strings.Contains(a.Message, words) {
		h.Fatalf("%s %s: %q, want %q", method, path, a.Message, words)
	}
}

// wish is the body of a booking that begins so many minutes after Noon.
func wish(op string, minutes int, more string) string {
	from := Noon.Add(time.Duration(minutes) * time.Minute)
	return fmt.Sprintf(`{"op":%q,"queue":"A","items":["户口迁入"],"from":%q,"to":%q%s}`, op, from.Format(time.RFC3339), from.Add(15*time.Minute).Format(time.RFC3339), more)
}

func TestBookings(t *testing.T) {
	h := callHall(t)
	var b, again center.BookingView
	more := `,"phone":"0042","card":" 110105 19491231002x "`
	h.ask("guide@h1", "POST", "h1/bookings", wish("1", 30, more), 200, &b)
	if b.ID == "" || len(b.Code) != 8 || b.Day != Day || b.Queue != "A" || !b.Card || b.Phone != "0042" || !b.From.Equal(Noon.Add(30*time.Minute)) {
		t.Fatalf("%+v", b)
	}
	h.ask("guide@h1", "POST", "h1/bookings", wish("1", 30, more), 200, &again)
	if again.ID != b.ID || again.Code != b.Code {
		t.Fatalf("the same op made %+v", again)
	}
	t.Run("Found", func(t *testing.T) {
		for path, want := range map[string]int{
			"h1/bookings": 1, "h1/bookings?code=" + b.Code: 1, "h1/bookings?code=00000000": 0, "h1/bookings?phone=0042": 1, "h1/bookings?phone=0043": 0,
			"h1/bookings?day=2024-11-24": 0,
		} {
			var all []center.BookingView
			a := h.ask("clerk", "GET", path, "", 200, &all)
			if len(all) != want || !strings.HasPrefix(a.body, "[") {
				t.Errorf("%s: %s", path, a.body)
			}
		}
		for body, want := range map[string]int{
			`{"card":"` + cardNumber + `"}`: 1, `{"card":"11010519491231002x"}`: 1, `{"card":"440524188001010014"}`: 0, `{"day":"2024-11-24","card":"` + cardNumber + `"}`: 0,
		} {
			var all []center.BookingView
			if h.ask("clerk", "POST", "h1/bookings/find", body, 200, &all); len(all) != want {
				t.Errorf("%s: %+v", body, all)
			}
		}
	})
	t.Run("NumberKeptNowhere", func(t *testing.T) {
		// Neither the number nor a plain hash of it is in the file.
		var files bytes.Buffer
		for _, name := range []string{h.path, h.path + "-wal"} {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files.Write(text)
		}
		if !bytes.Contains(files.Bytes(), []byte(b.Code)) { // control
			t.Fatal("not even the code is there")
		}
		if bytes.Contains(files.Bytes(), []byte("19491231")) || strings.Contains(h.log.String(), "1949") {
			t.Fatal("the card's number was kept")
		}
	})
	t.Run("CheckIn", func(t *testing.T) {
		var got center.TicketNow
		h.ask("guide", "PATCH", "h1/tickets/id-A003", `{"booking":"`+string(b.ID)+`"}`, 200, &got)
		if got.Slot == nil || !got.Slot.From.Equal(b.From) || got.Priority != "" {
			t.Fatalf("%+v", got)
		}
		h.words("guide", "PATCH", "h1/tickets/id-A002", `{"booking":"`+string(b.ID)+`"}`, 409, "已经签到")
		h.words("guide", "DELETE", "h1/bookings/"+string(b.ID), "", 409, "已经签到")
		h.ask("guide", "PATCH", "h1/tickets/id-A003", `{"priority":"elder"}`, 200, &got)
		if got.Slot == nil || got.Priority != kiosk.Elder {
			t.Fatalf("%+v", got)
		}
		h.ask("guide", "PATCH", "h1/tickets/id-A003", `{"booking":""}`, 200, &got)
		var back center.TicketNow
		h.ask("guide", "GET", "h1/tickets/id-A003", "", 200, &back)
		if back.Slot != nil || back.Priority != kiosk.Elder {
			t.Fatalf("%+v", back)
		}
		h.words("guide", "PATCH", "h1/tickets/id-A003", `{"booking":"none"}`, 404, "找不到这个预约")
		h.words("guide", "PATCH", "h1/tickets/none", `{"priority":"elder"}`, 404, "找不到这个号")
		h.ask("guide", "PATCH", "h1/tickets/id-A003", `{"priority":"king"}`, 422, nil)
		var other center.BookingView
		h.ask("guide", "POST", "h1/bookings", wish("tomorrow", 24*60, ""), 200, &other)
		h.words("guide", "PATCH", "h1/tickets/id-A003", `{"booking":"`+string(other.ID)+`"}`, 409, "不是今天")
	})
	t.Run("Refused", func(t *testing.T) {
		for body, words := range map[string]string{
			wish("2", -60, ""):                                      "90 天", // over
			wish("2", 91*24*60, ""):                                 "90 天",
			wish("2", 16*60-5, ""):                                  "同一个营业日", // over four in the morning
			strings.Replace(wish("2", 30, ""), `"A"`, `"a"`, 1):     "队列不对",
			strings.Replace(wish("2", 30, ""), "户口迁入", "", 1):       "事项",
			wish("2", 30, `,"phone":"00x1"`):                        "后四位",
			wish("2", 30, `,"card":"'; DROP TABLE x"`):              "证件号码不对",
			wish("2", 30, `,"card":"12345"`):                        "证件号码不对",
			strings.Replace(wish("1", 30, more), "0042", "0043", 1): "操作编号已经用过",
		} {
			want := 422
			if strings.Contains(words, "编号") {
				want = 409
			}
			h.words("clerk", "POST", "h1/bookings", body, want, words)
		}
		for _, body := range []string{`{}`, `[]`, `{"op":"2"}`, wish("2", 30, `,"phone":"13800000000"`), wish("2", 30, `,"card":"`+strings.Repeat("1", 33)+`"`),
			wish("2", 30, `,"ticket":"t"`), wish(strings.Repeat("o", 65), 30, ""), strings.Replace(wish("2", 30, ""), `["户口迁入"]`, `[`+strings.Repeat(`"x",`, 20)+`"x"]`, 1)} {
			a := h.ask("clerk", "POST", "h1/bookings", body, 422, nil)
			if strings.Contains(a.body, "13800000000") || strings.Contains(a.body, "1111") {
				t.Errorf("the refusal repeats it: %s", a.body)
			}
		}
		h.ask("clerk", "POST", "h1/bookings", wish("2", 30, `,"phone":"`+strings.Repeat("9", 5000)+`"`), 413, nil)
		h.words("clerk", "DELETE", "h1/bookings/none", "", 404, "找不到这个预约")
		h.ask("clerk", "DELETE", "h1/bookings/%27;DROP%20TABLE%20bookings", "", 404, nil)
		h.ask("clerk", "DELETE", "h1/bookings/a%00", "", 422, nil)
		h.ask("clerk", "GET", "h1/bookings?day=today", "", 422, nil)
		h.ask("clerk", "GET", "h1/bookings?code=%00", "", 422, nil)
		for _, who := range []string{"", "technician", "administrator", "clerk@h2", "nobody"} {
			want := 403
			if who == "" {
				want = 401
			}
			h.ask(who, "POST", "h1/bookings", wish("3", 30, ""), want, nil)
			h.ask(who, "GET", "h1/bookings", "", want, nil)
			h.ask(who, "POST", "h1/bookings/find", `{"card":"`+cardNumber+`"}`, want, nil)
			h.ask(who, "DELETE", "h1/bookings/"+string(b.ID), "", want, nil)
			h.ask(who, "PATCH", "h1/tickets/id-A003", `{"priority":"elder"}`, want, nil)
		}
		h.ask("clerk@h1", "PATCH", "h1/tickets/id-A003", `{"priority":"elder"}`, 403, nil)
	})
	h.ask("clerk@h1", "DELETE", "h1/bookings/"+string(b.ID), "", 204, nil)
	h.audited("booking.cancelled", "booking.made", "ticket.preferred", "ticket.preferred", "ticket.preferred", "booking.made")
}

// audited compares the newest entries of the trail, and that each says who and
// whence.
func (h *hall) audited(want ...string) {
	h.Helper()
	all, err := h.store.Trail(h.Context(), "h1", 0, len(want))
	if err != nil {
		h.Fatal(err)
	}
	for i, e := range all {
		if e.Action != want[i] || !strings.HasPrefix(e.Account, "of-") || e.From != "127.0.0.1" || e.Subject == "" || !e.At.Equal(h.now) {
			h.Fatalf("entry %d is %+v, want %s", i, e, want[i])
		}
	}
	if len(all) != len(want) {
		h.Fatalf("%d entries", len(all))
	}
}

// A queue of one place takes one booking at a time.
func TestBookingFull(t *testing.T) {
	h := callHall(t)
	known := map[kiosk.HallID]center.Hall{"h1": {Capacity: map[kiosk.QueueID]int{"A": 1, center.EveryQueue: 0}}}
	if err := h.SetHalls(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	h.ask("clerk@h1", "POST", "h1/bookings", wish("1", 30, ""), 200, nil)
	a := h.ask("clerk@h1", "POST", "h1/bookings", wish("2", 40, ""), 409, nil)
	if a.Type != center.ProblemFull || a.Code != kiosk.EConflict || !strings.Contains(a.Message, "约满") || !strings.Contains(a.Detail, "slot_capacity") {
		t.Fatalf("%s", a.body)
	}
	h.ask("clerk@h1", "POST", "h1/bookings", wish("2", 45, ""), 200, nil)
	h.words("clerk@h1", "POST", "h1/bookings", strings.Replace(wish("3", 90, ""), `"A"`, `"B"`, 1), 409, "约满")
	h.audited("booking.made", "booking.made")
}

func TestOrders(t *testing.T) {
	h := callHall(t)
	var pause, print center.OrderView
	h.ask("manager@h1", "POST", "h1/orders", `{"op":"1","do":"pause","queue":"A","text":{"zh":"系统维护"}}`, 200, &pause)
	h.ask("guide@h1", "POST", "h1/orders", `{"op":"2","do":"reprint","kiosk":"k1","ticket":"id-A001"}`, 200, &print)
	if pause.Until != nil || !pause.InForce || print.Until == nil || !print.Until.Equal(h.now.Add(10*time.Minute)) || pause.By != "of-manager" {
		t.Fatalf("%+v\n%+v", pause, print)
	}
	var again center.OrderView
	h.now = h.now.Add(time.Second)
	if h.ask("guide@h1", "POST", "h1/orders", `{"op":"2","do":"reprint","kiosk":"k1","ticket":"id-A001"}`, 200, &again); again.ID != print.ID {
		t.Fatalf("the same op made %+v", again)
	}
	done := Batch("k1", Event(4, kiosk.OrderDone, kiosk.OrderBody{Order: print.ID, Fault: "没有纸了"}))
	if _, err := h.store.Ingest(t.Context(), center.Seal(done, h.now)); err != nil {
		t.Fatal(err)
	}
	var all []center.OrderView
	h.ask("guide", "GET", "h1/orders", "", 200, &all)
	if len(all) != 2 || all[0].ID != print.ID || !all[0].Done || all[0].Fault != "没有纸了" || all[0].InForce || all[0].Ended == nil || !all[1].InForce || all[1].Text.Zh != "系统维护" {
		t.Fatalf("%+v", all)
	}
	h.words("technician", "DELETE", "h1/orders/"+string(print.ID), "", 409, "已经结束")
	h.words("technician", "DELETE", "h1/orders/none", "", 404, "找不到这条指令")
	h.ask("technician", "DELETE", "h1/orders/"+string(pause.ID), "", 204, nil)
	h.audited("order.taken-back")
	t.Run("Refused", func(t *testing.T) {
		for body, c := range map[string]struct {
			want  int
			words string
		}{
			`{"op":"3","do":"pause","text":{"zh":"x"}}`:                                                   {422, "队列"},
			`{"op":"3","do":"pause","queue":"A"}`:                                                         {422, "中文说明"},
			`{"op":"3","do":"message","text":{"zh":"","en":"x"}}`:                                         {422, "中文说明"},
			`{"op":"3","do":"message","text":{"zh":"` + strings.Repeat("长", 101) + `"}}`:                  {422, "太长"},
			`{"op":"3","do":"message","text":{"zh":"x"},"until":"2024-11-23T12:00:00Z"}`:                  {422, "已经过去"},
			`{"op":"3","do":"message","text":{"zh":"x"},"kiosk":"k9"}`:                                    {404, "没有这台终端"},
			`{"op":"1","do":"pause","queue":"B","text":{"zh":"系统维护"}}`:                                    {409, "操作编号已经用过"},
			`{"op":"3","do":"message","text":{"zh":"x"},"kiosk":"'; DROP TABLE orders"}`:                  {404, "没有这台终端"},
			`{"op":"'; DROP TABLE orders","do":"pause","queue":"'; DROP TABLE orders","text":{"zh":"x"}}`: {422, "队列"},
		} {
			h.words("manager", "POST", "h1/orders", body, c.want, c.words)
		}
		h.words("technician", "POST", "h1/orders", `{"op":"3","do":"reprint","kiosk":"k1"}`, 422, "补打")
		h.words("technician", "POST", "h1/orders", `{"op":"3","do":"reprint","kiosk":"k1","ticket":"none"}`, 404, "找不到这个号")
		for _, body := range []string{`{}`, `7`, `{"op":"3"}`, `{"op":"3","do":"restart","kiosk":"k1"}`, `{"op":"3","do":"pause","queue":"A","text":"x"}`} {
			h.ask("manager", "POST", "h1/orders", body, 422, nil)
		}
		h.ask("manager", "POST", "h1/orders", `{"op":"3","do":"message","text":{"zh":"`+strings.Repeat("长", 3000)+`"}}`, 413, nil)
		for who, want := range map[string]int{"": 401, "clerk": 403, "guide": 403, "administrator": 403, "manager@h2": 403, "nobody": 403} {
			h.ask(who, "POST", "h1/orders", `{"op":"4","do":"message","text":{"zh":"x"}}`, want, nil)
			if who != "administrator" {
				h.ask(who, "DELETE", "h1/orders/"+string(pause.ID), "", want, nil)
			}
		}
		h.ask("manager", "POST", "h1/orders", `{"op":"5","do":"reprint","kiosk":"k1","ticket":"id-A002"}`, 200, nil)
		h.ask("clerk", "POST", "h1/orders", `{"op":"6","do":"reprint","kiosk":"k1","ticket":"id-A002"}`, 403, nil)
		h.ask("clerk", "GET", "h1/orders", "", 403, nil)
	})
	t.Run("Described", func(t *testing.T) {
		a := h.do("GET", "/openapi.json", nil)
		for _, path := range []string{`"/v1/halls/{hall}/orders"`, `"/v1/halls/{hall}/orders/{order}"`, `"/v1/halls/{hall}/bookings"`, `"/v1/halls/{hall}/bookings/{booking}"`, `"/v1/halls/{hall}/bookings/find"`, `"patch"`} {
			if !strings.Contains(a.body, path) {
				t.Errorf("%s isn't described", path)
			}
		}
	})
}

// Who makes a request may be told by Actor why not, in its own words.
func TestActorsOwnWords(t *testing.T) {
	h := newHall(t)
	h.account("anna", center.Clerk, "h1")
	h.turnedAway(h.as("x", "GET", "/v1/halls/h1/bookings"), 401, center.RefusedSession)
	token := h.login("anna")
	h.turnedAway(h.do("POST", "/v1/halls/h1/bookings", strings.NewReader(wish("1", 90, "")), "Cookie", "session="+token, "Sec-Fetch-Site", "cross-site", "Content-Type", "application/json"), 403, center.RefusedSession)
	if a := h.do("POST", "/v1/halls/h1/bookings", strings.NewReader(wish("1", 90, "")), "Cookie", "session="+token, "Sec-Fetch-Site", "same-origin", "Content-Type", "application/json"); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
}
