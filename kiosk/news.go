package kiosk

import "context"

// News is what the center tells the kiosks of a hall: how the hall stands now,
// whole each time, as one server-sent event of GET /v1/news. A later version
// replaces an earlier one.
type News struct {
	Hall    HallID   `json:"hall"`
	Version int64    `json:"version"` // rises with every change in the hall
	Lengths []Length `json:"lengths"` // of the business days from which anybody waits
}

// Length is how many people wait in one queue of the hall.
type Length struct {
	Day     Day     `json:"day"`
	Queue   QueueID `json:"queue"`
	Waiting int     `json:"waiting"`
}

// Self is what the center knows of the kiosk that asks, as GET /v1/self.
type Self struct {
	Kiosk  KioskID `json:"kiosk"`
	Epochs []Epoch `json:"epochs"` // the lives of its store that were heard of
}

// Numbers counts the shared series of a hall; the center does.
type Numbers interface {
	// Next returns the next number of the shared series of a queue and day. The
	// same request id gets the same number; one that was given and isn't used is
	// left out. Any error means: take a number of the own series.
	Next(ctx context.Context, request RequestID, day Day, queue QueueID) (Number, error)
}

// NumberRequest asks the center for the next number of a shared series, as JSON
// in the body of POST /v1/numbers. Who asks is known by the token.
type NumberRequest struct {
	Request RequestID `json:"request"`
	Hall    HallID    `json:"hall"`
	Day     Day       `json:"day"`
	Queue   QueueID   `json:"queue"`
}

// NumberReply answers a NumberRequest.
type NumberReply struct {
	Number string `json:"number"` // such as A023
}
