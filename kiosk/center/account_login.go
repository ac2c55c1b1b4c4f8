package center

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hallkiosk/kiosk"
)

// How long a session lasts.
const (
	SessionLife = 12 * time.Hour   // at the longest
	SessionIdle = 30 * time.Minute // without a request
	sessionNote = time.Minute      // its last use is stored so exactly
)

// SessionCookie is the cookie that holds a session's secret.
const SessionCookie = "session"

// people is what a Server keeps to know people.
type people struct {
	cost      Cost // of a new password
	passwords *passwords
	throttle  *throttle
	origin    *http.CrossOriginProtection
}

func newPeople(c Cost) people {
	if c == (Cost{}) {
		c = DefaultCost
	}
	return people{cost: c, passwords: newPasswords(c), throttle: newThrottle(), origin: http.NewCrossOriginProtection()}
}

// address is the part of a remote address that stays the same.
func address(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return clip(remote)
	}
	return host
}

// sessionOf returns the session that a request belongs to, and its account as
// it is now. The error is a *Problem, 401, or 403 for a request that another
// site made the browser send; or the Store's, when nobody knows.
func (s *Server) sessionOf(r *http.Request) (Session, Account, error) {
	none := func(detail string) (Session, Account, error) {
		p := deny(http.StatusUnauthorized, RefusedSession, detail)
		p.Message = "请先登录。"
		return Session{}, Account{}, p
	}
	secret := ""
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		secret = strings.TrimSpace(token)
	} else if c, err := r.Cookie(SessionCookie); err == nil {
		// A program's header can't be sent by another site's page; a cookie can.
		if err := s.people.origin.Check(r); err != nil {
			p := deny(http.StatusForbidden, RefusedSession, "another site made this request")
			return Session{}, Account{}, p
		}
		secret = c.Value
	}
	if raw, err := base64.RawURLEncoding.DecodeString(secret); err != nil || len(raw) != 32 {
		return none("log in first: POST /v1/login")
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.opts.Budget)
	defer cancel()
	hash := Hash(sha256.Sum256([]byte(secret)))
	v, a, err := s.store.Session(ctx, hash)
	if kiosk.CodeOf(err) == kiosk.ENotFound {
		return none("the session has ended; log in again")
	}
	if err != nil {
		return v, a, err
	}
	now := s.opts.Now()
	if a.Disabled || now.Sub(v.Began) >= SessionLife || now.Sub(v.Seen) >= SessionIdle {
		return none("the session has ended; log in again")
	}
	if now.Sub(v.Seen) >= sessionNote {
		// A full disk keeps nobody from looking; the session ends the sooner.
		if err := s.store.SeeSession(ctx, hash, now); err != nil && kiosk.CodeOf(err) != kiosk.EDisk {
			return v, a, err
		}
	}
	return v, a, nil
}

// Actor returns who makes a request, by the session it belongs to. It is
// Opts.Actor unless another is given. The error is a *Problem; or the Store's,
// when it doesn't answer: the person needn't log in again then.
func (s *Server) Actor(r *http.Request) (Actor, error) {
	_, a, err := s.sessionOf(r)
	if err != nil {
		return Actor{}, err
	}
	return Actor{ID: a.Name, Role: string(a.Role), Hall: a.Hall}, nil
}

// Allow returns the account of a request's session when it may do an action in
// a hall; "" asks for an account of all halls. The error is a *Problem: 401
// without a session, 403 when it may not, 503 when the Store doesn't answer.
func (s *Server) Allow(r *http.Request, do Action, hall kiosk.HallID) (Account, error) {
	_, a, err := s.sessionOf(r)
	if err != nil {
		return a, s.fault(err)
	}
	if !Permit(a.Role, do) || !a.In(hall) {
		p := deny(http.StatusForbidden, RefusedRole, fmt.Sprintf("a %s may not do that (%s) in this hall", a.Role, do))
		p.Message = "您的账号没有这个权限。"
		return a, p
	}
	return a, nil
}

type loginInput struct {
	Body struct {
		Name     string `json:"name" maxLength:"64"`
		Password string `json:"password" maxLength:"256"`
		Bearer   bool   `json:"bearer,omitempty" doc:"For programs: the session's secret in the answer instead of a cookie"`
	}
	asked *http.Request
}

// Resolve keeps the request.
func (in *loginInput) Resolve(ctx huma.Context) []error {
	in.asked, _ = humago.Unwrap(ctx)
	return nil
}

type loginOutput struct {
	Cookie *http.Cookie `header:"Set-Cookie"`
	Body   struct {
		Name  string       `json:"name"`
		Role  Role         `json:"role" enum:"clerk,guide,manager,technician,administrator"`
		Hall  kiosk.HallID `json:"hall" doc:"The only hall of the account; empty for all"`
		Until time.Time    `json:"until" doc:"When the session ends at the latest"`
		Token string       `json:"token,omitempty" doc:"With bearer: to be sent as Authorization: Bearer"`
	}
}

// login is POST /v1/login.
func (s *Server) login(ctx context.Context, in *loginInput) (*loginOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	// A name that can't be an account's is looked up nowhere, but takes as long.
	name, from, now := in.Body.Name, address(in.asked.RemoteAddr), s.opts.Now()
	if err := s.hear(ctx, name, from, now); err != nil {
		return nil, s.fault(err)
	}
	if wait := s.people.throttle.try(name, from, now); wait > 0 {
		p := deny(http.StatusTooManyRequests, RefusedLogin, fmt.Sprintf("too many tries; wait %d seconds", int(math.Ceil(wait.Seconds()))))
		p.Code, p.Message = kiosk.EBusy, fmt.Sprintf("试得太多了，请等 %d 秒再试。", int(math.Ceil(wait.Seconds())))
		return nil, huma.ErrorWithHeaders(p, http.Header{"Retry-After": {fmt.Sprint(int(math.Ceil(wait.Seconds())))}})
	}
	var account Account
	if accountName(name) {
		var err error
		if account, err = s.store.Account(ctx, name); err != nil && kiosk.CodeOf(err) != kiosk.ENotFound {
			return nil, s.fault(err)
		}
	}
	ok, err := s.people.passwords.match(ctx, in.Body.Password, account.Password)
	if err != nil {
		s.people.throttle.back(name, from, now)
		return nil, s.fault(err)
	}
	if !ok || account.Disabled {
		// The name goes no further: people type passwords there.
		known := account.Name
		if err := s.weighed(ctx, Try{At: now, Account: known, From: from}); err != nil {
			return nil, s.fault(err)
		}
		if known != "" {
			if err := s.store.Note(ctx, Entry{At: now, Hall: account.Hall, Account: known, Action: "login.refused", From: from}); err != nil {
				return nil, s.fault(err)
			}
		}
		s.opts.Log.Warn("login refused", "account", known, "from", from)
		p := deny(http.StatusUnauthorized, RefusedLogin, "wrong name or password, or the account is disabled")
		p.Message = "账号或密码不对，或账号已停用。"
		return nil, p
	}
	s.people.throttle.won(name, from, now)
	if err := s.weighed(ctx, Try{At: now, Account: name, From: from, Won: true}); err != nil {
		return nil, s.fault(err)
	}
	raw := make([]byte, 32)
	rand.Read(raw) // never fails
	secret := base64.RawURLEncoding.EncodeToString(raw)
	v := Session{Hash: sha256.Sum256([]byte(secret)), Account: account.Name, Began: now, Seen: now, From: from}
	err = s.store.OpenSession(ctx, v, account.Password, now.Add(-SessionLife), Entry{At: now, Hall: account.Hall, Account: account.Name, Action: "login", From: from})
	if err != nil {
		return nil, s.fault(err)
	}
	out := &loginOutput{}
	out.Body.Name, out.Body.Role, out.Body.Hall, out.Body.Until = account.Name, account.Role, account.Hall, now.Add(SessionLife)
	if in.Body.Bearer {
		out.Body.Token = secret
		return out, nil
	}
	out.Cookie = s.cookie(in.asked, secret, SessionLife)
	return out, nil
}

// hear takes in what other processes have weighed, unless the try would be
// turned away in any case: that must cost nothing.
func (s *Server) hear(ctx context.Context, name, from string, now time.Time) error {
	const some = 500
	t := s.people.throttle
	if t.try(name, from, now) > 0 {
		return nil
	}
	t.back(name, from, now)
	for {
		tries, err := s.store.Tries(ctx, t.after(), some)
		if err != nil {
			return err
		}
		t.hear(tries)
		if len(tries) < some {
			return nil
		}
	}
}

// weighed tells the other processes of a try.
func (s *Server) weighed(ctx context.Context, t Try) error {
	id, err := s.store.AddTry(ctx, t)
	if err == nil {
		s.people.throttle.mine(id)
	}
	return err
}

// cookie makes the session's cookie; without a secret it takes it away.
func (s *Server) cookie(r *http.Request, secret string, life time.Duration) *http.Cookie {
	c := &http.Cookie{Name: SessionCookie, Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil, MaxAge: int(life / time.Second)}
	if secret == "" {
		c.MaxAge = -1
	}
	return c
}

type sessionInput struct{ asked *http.Request }

// Resolve keeps the request.
func (in *sessionInput) Resolve(ctx huma.Context) []error {
	in.asked, _ = humago.Unwrap(ctx)
	return nil
}

type logoutOutput struct {
	Cookie *http.Cookie `header:"Set-Cookie"`
}

// logout is POST /v1/logout.
func (s *Server) logout(ctx context.Context, in *sessionInput) (*logoutOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	v, a, err := s.sessionOf(in.asked)
	if err != nil {
		return nil, s.fault(err)
	}
	e := Entry{At: s.opts.Now(), Hall: a.Hall, Account: a.Name, Action: "logout", From: address(in.asked.RemoteAddr)}
	if err := s.store.EndSession(ctx, v.Hash, e); err != nil {
		return nil, s.fault(err)
	}
	return &logoutOutput{Cookie: s.cookie(in.asked, "", 0)}, nil
}

type trailInput struct {
	sessionInput
	Hall   string `path:"hall" maxLength:"64"`
	Before int64  `query:"before" minimum:"0" doc:"Only entries with a lower id; 0 is all"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type trailOutput struct {
	Body []Entry `nullable:"false"`
}

// trail is GET /v1/halls/{hall}/audit.
func (s *Server) trail(ctx context.Context, in *trailInput) (*trailOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	if !name.MatchString(in.Hall) { // nor "", which would be every hall
		return nil, refusal(http.StatusUnprocessableEntity, kiosk.EInvalid, "hall must be 1 to 64 letters, digits, dots, hyphens or underscores")
	}
	if _, err := s.Allow(in.asked, ActionAudit, kiosk.HallID(in.Hall)); err != nil {
		return nil, err
	}
	lines, err := s.store.Trail(ctx, kiosk.HallID(in.Hall), in.Before, in.Limit)
	if err != nil {
		return nil, s.fault(err)
	}
	if lines == nil {
		lines = []Entry{}
	}
	return &trailOutput{Body: lines}, nil
}

// whoOperations are enrolment, sessions and the audit trail.
func (s *Server) whoOperations(api huma.API, refusals func(...int) map[string]*huma.Response) {
	huma.Register(api, huma.Operation{
		OperationID: "post-enroll", Method: http.MethodPost, Path: "/v1/enroll",
		Summary: "Exchange a code for a key of the kiosk's own",
		Description: "The key is made by the kiosk. Requests are then signed: Authorization: Kiosk KEY NUMBER SHA256-OF-BODY SIGNATURE, " +
			"where the number rises with every request and the signature is Ed25519 of the lines hallkiosk-request-1, method, path with query, kiosk, key, number, hash. " +
			"Refusals of signed requests are 401 with type " + problemBase + " and forged, replayed (go on after counted), revoked or expired; of codes 403 with code, used, expired or forged.",
		MaxBodyBytes: 4 << 10, Responses: refusals(400, 403, 408, 413, 415, 422, 500, 503),
	}, s.enroll)
	huma.Register(api, huma.Operation{
		OperationID: "post-login", Method: http.MethodPost, Path: "/v1/login",
		Summary:      "Begin a session",
		Description:  "It ends after 12 hours, after 30 minutes without a request, at logout, and when the account's password is changed or it is disabled. 429 says in Retry-After when to try again.",
		MaxBodyBytes: 4 << 10, Responses: refusals(400, 401, 408, 409, 413, 415, 422, 429, 500, 503),
	}, s.login)
	account := []map[string][]string{{"account": {}}}
	huma.Register(api, huma.Operation{
		OperationID: "post-logout", Method: http.MethodPost, Path: "/v1/logout", DefaultStatus: http.StatusNoContent,
		Summary: "End the session", Security: account, Responses: refusals(401, 403, 500, 503),
	}, s.logout)
	huma.Register(api, huma.Operation{
		OperationID: "get-audit", Method: http.MethodGet, Path: "/v1/halls/{hall}/audit",
		Summary: "Who did what in a hall, newest first", Description: "For managers of the hall and administrators.",
		Security: account, Responses: refusals(401, 403, 422, 500, 503),
	}, s.trail)
}
