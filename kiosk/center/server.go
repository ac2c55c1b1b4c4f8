package center

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hallkiosk/kiosk"
)

// Opts are what a Server needs to know. DefaultOpts fills all but Tokens.
type Opts struct {
	Tokens *Tokens          // who may post events
	Ahead  time.Duration    // how far a stamp may be ahead of Now
	Budget time.Duration    // how long one request may take inside
	Now    func() time.Time // the center's clock; its location is the one shown
	Log    *slog.Logger     // alarms and faults; nothing personal
	TLS    *tls.Config      // nil is plain HTTP; see Certificate
	Conns  int              // connections at a time at most
	Intake int              // batches that are unpacked and stored at a time
	Cost   Cost             // of an unknown name's password check and of a new password: as DefaultCost

	// Actor returns who makes a request, from its session; an error is that
	// nobody known does. Nil is Server.Actor.
	Actor func(*http.Request) (Actor, error)
	Rules kiosk.CallRules // in which order people are called

	Halls     map[kiosk.HallID]Hall // what is known of halls at first; may lack any; see SetHalls
	DayChange time.Duration         // after midnight
	Estimates time.Duration         // the least between two forecasts of a hall's waits, for the news
	Keep      Keep                  // how long; see Serve
}

// DefaultOpts refuses stamps twelve hours ahead, which are from tomorrow, gives a
// request twenty seconds, and batches half of the processors. A kiosk whose clock is
// wrong by less delivers all the same: order is by seq.
func DefaultOpts() Opts {
	return Opts{Tokens: &Tokens{}, Ahead: 12 * time.Hour, Budget: 20 * time.Second, Now: time.Now, Log: slog.Default(), Cost: DefaultCost, Conns: 12_000, Intake: max(1, runtime.GOMAXPROCS(0)/2),
		Rules: kiosk.DefaultCallRules(), DayChange: 4 * time.Hour, Estimates: 3 * time.Second}
}

// Server answers kiosks and people over HTTP. Make it with New; safe for use
// from several goroutines.
type Server struct {
	store   Store
	opts    Opts
	mux     *http.ServeMux
	tallied tallied
	feed    feed
	halls   halls
	gate    gate            // kiosks
	people  people          // with accounts
	crowd   *crowd          // connections
	turns   *turns          // of batches
	asking  chan struct{}   // one for each kiosk that asks the store, see asks
	viewing chan struct{}   // one for each page that is drawn up, see page
	ending  context.Context // done when held-open lines must end
	end     context.CancelFunc
}

// New makes a Server over store, which stays the caller's to close.
func New(store Store, o Opts) *Server {
	s := &Server{store: store, opts: o, mux: http.NewServeMux()}
	s.asking, s.viewing = make(chan struct{}, askingAtOnce), make(chan struct{}, viewingAtOnce)
	s.halls = halls{known: o.Halls, since: o.Now(), changed: make(chan struct{})}
	s.ending, s.end = context.WithCancel(context.Background())
	s.crowd, s.turns = newCrowd(max(o.Conns, 16)), newTurns(max(o.Intake, 1))
	if s.people = newPeople(o.Cost); o.Actor == nil {
		s.opts.Actor = s.Actor
	}
	config := huma.DefaultConfig("hallkiosk center", "1")
	config.Info.Description = "Events of the kiosks come in, queue lengths go out. Refusals are RFC 9457 problems with a code."
	config.DocsPath = ""     // its page would load scripts from outside
	config.OpenAPIPath = ""  // see spec
	config.CreateHooks = nil // no $schema in answers
	config.Transformers = append(config.Transformers, s.ownProblem)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "The kiosk's own token; or its signature, see post-enroll"},
		"account": {Type: "apiKey", In: "cookie", Name: "session", Description: "The session of a person who has logged in"},
	}
	api := humago.New(s.mux, config)
	s.operations(api)
	s.spec(api)
	s.page()
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, pattern := s.mux.Handler(r); pattern == "" {
		s.nowhere(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Serve answers on l until ctx ends, then lets requests under way finish for
// at most ten seconds. It closes l, and returns nil after such a stop. Beside it
// the Store forgets what is past.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var clean sync.WaitGroup
	clean.Go(func() { s.forget(ctx) })
	defer clean.Wait()
	defer cancel()
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ConnState:         s.crowd.watch,
		TLSConfig:         s.opts.TLS,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 32, MaxReceiveBufferPerConnection: 1 << 20},
		ErrorLog:          slog.NewLogLogger(s.opts.Log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	done := context.AfterFunc(ctx, func() {
		s.end() // nobody ends a held-open line but us
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err := srv.Shutdown(late)
		if err != nil {
			err = errors.Join(err, srv.Close())
		}
		stopped <- err
	})
	serve := srv.Serve
	if s.opts.TLS != nil {
		serve = func(l net.Listener) error { return srv.ServeTLS(l, "", "") }
	}
	err := serve(&paced{Listener: l})
	if done() || !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

func (s *Server) operations(api huma.API) {
	problem := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	refusals := func(statuses ...int) map[string]*huma.Response {
		all := map[string]*huma.Response{}
		for _, status := range statuses {
			all[strconv.Itoa(status)] = &huma.Response{
				Description: http.StatusText(status),
				Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: problem}},
			}
		}
		return all
	}
	huma.Register(api, huma.Operation{
		OperationID: "post-events", Method: http.MethodPost, Path: "/v1/events",
		Summary: "Take in a run of consecutive events of one kiosk",
		Description: "At most 1,000 events and 4 MiB, also after unpacking; Content-Encoding gzip or none. " +
			"Posting the same batch again is fine. An empty batch says that the kiosk is there. 409 with acked_through asks the kiosk to go back.",
		Security:        []map[string][]string{{"token": {}}},
		Middlewares:     huma.Middlewares{s.admit(api)},
		MaxBodyBytes:    -1, // admit has read and bounded it
		BodyReadTimeout: -1, // and a deadline would cut off the store
		Responses:       refusals(400, 401, 403, 408, 409, 413, 415, 422, 429, 500, 503),
	}, s.ingest)
	huma.Register(api, huma.Operation{
		OperationID: "post-number", Method: http.MethodPost, Path: "/v1/numbers",
		Summary:     "Get the next number of a queue's shared series",
		Description: "The same request id gets the same number.",
		Security:    []map[string][]string{{"token": {}}}, Middlewares: huma.Middlewares{s.known(api)},
		MaxBodyBytes: 4 << 10,
		Responses:    refusals(400, 401, 403, 408, 409, 413, 415, 422, 500, 503),
	}, s.number)
	huma.Register(api, huma.Operation{
		OperationID: "get-self", Method: http.MethodGet, Path: "/v1/self",
		Summary:  "What the center knows of the kiosk that asks",
		Security: []map[string][]string{{"token": {}}}, Middlewares: huma.Middlewares{s.known(api)},
		Responses: refusals(401, 500, 503),
	}, s.self)
	huma.Register(api, huma.Operation{
		OperationID: "get-place", Method: http.MethodGet, Path: "/v1/self/tickets/{ticket}",
		Summary:  "Where a ticket of the kiosk's hall stands",
		Security: []map[string][]string{{"token": {}}}, Middlewares: huma.Middlewares{s.known(api)},
		Responses: refusals(401, 403, 404, 422, 500, 503),
	}, s.place)
	huma.Register(api, huma.Operation{
		OperationID: "get-numbered", Method: http.MethodGet, Path: "/v1/self/numbers/{number}",
		Summary:     "Where the ticket with a printed number stands",
		Description: "For the kiosks of the hall: one that was enrolled for it, or that last spoke for it. It tells nothing of whose ticket it is or what it is for.",
		Security:    []map[string][]string{{"token": {}}}, Middlewares: huma.Middlewares{s.known(api)},
		Responses: refusals(401, 403, 404, 422, 429, 500, 503),
	}, s.numbered)
	people := operations{huma.Middlewares{s.identify(api)}, refusals}
	s.callOperations(api, people)
	s.pressOperations(api, people)
	s.bookOperations(api, people)
	s.orderOperations(api, people)
	s.hallOperations(api, people)
	s.staffOperations(api, people)
	s.whoOperations(api, refusals)
	s.describeNews(api, refusals(401, 403, 422, 500, 503))
	huma.Register(api, huma.Operation{
		OperationID: "get-queues", Method: http.MethodGet, Path: "/v1/halls/{hall}/queues",
		Summary:   "How many wait in each queue of a hall",
		Responses: refusals(404, 422, 500, 503),
	}, s.queues)
	huma.Register(api, huma.Operation{
		OperationID: "get-health", Method: http.MethodGet, Path: "/healthz",
		Summary:     "Whether the center can do its work",
		Description: "200 with status trouble while its disk is full or refuses: another center on the same database would do no better.",
		Responses:   refusals(503),
	}, s.health)
	// huma describes its own form of an error too, which is never sent.
	delete(api.OpenAPI().Components.Schemas.Map(), "ErrorModel")
	delete(api.OpenAPI().Components.Schemas.Map(), "ErrorDetail")
}

type queuesInput struct {
	Hall string `path:"hall" maxLength:"64"`
	Day  string `query:"day" format:"date" doc:"Business day; without it today, with whoever waits from the night before"`
}

type queuesOutput struct {
	Body []Queue `nullable:"false"`
}

func (s *Server) queues(ctx context.Context, in *queuesInput) (*queuesOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	hall := kiosk.HallID(in.Hall)
	if err := s.there(ctx, hall); err != nil {
		return nil, err
	}
	queues, err := s.queuesOn(ctx, hall, cmp.Or(kiosk.Day(in.Day), s.today()))
	if err != nil {
		return nil, s.fault(err)
	}
	if queues == nil {
		queues = []Queue{}
	}
	return &queuesOutput{Body: queues}, nil
}

type healthOutput struct {
	Body struct {
		Status  string           `json:"status" enum:"ok,trouble" doc:"trouble: what is asked is answered, but nothing new is stored"`
		Trouble *time.Time       `json:"trouble_since,omitempty" doc:"Since when the store's disk refuses what is written; the log and /v1/status say why"`
		Refused int64            `json:"refused" doc:"Requests refused since the start, but for gaps"`
		By      map[string]int64 `json:"refused_by,omitempty" doc:"The same by reason, gaps too: what follows urn:hallkiosk:problem: in the type of the answers, such as forged, token, hall, role or crowd, else their code, such as invalid"`
	}
}

func (s *Server) health(ctx context.Context, _ *struct{}) (*healthOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	if err := s.store.Check(ctx); err != nil {
		s.opts.Log.Error("the store doesn't answer", "err", err)
		return nil, refusal(http.StatusServiceUnavailable, kiosk.EUnavailable, "the store doesn't answer")
	}
	out := &healthOutput{}
	out.Body.Status, out.Body.Refused = "ok", s.Refused()
	if since, err := s.store.Trouble(); err != nil {
		out.Body.Status, out.Body.Trouble = "trouble", &since
	}
	out.Body.By = s.RefusedBy()
	return out, nil
}

// fault logs an error that is the center's own and makes the answer to it.
func (s *Server) fault(err error) *Problem {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		s.opts.Log.Error("request failed", "status", p.Status, "code", p.Code, "err", err)
	}
	return p
}
