package center

import (
	"context"
	"time"
	"unicode"

	"hallkiosk/kiosk"
)

// Accounts is the part of a Store that knows people. What changes anything
// takes the Entry that tells of it and stores both or neither.
type Accounts interface {
	// AddAccount stores a new account. EConflict when its name is taken.
	AddAccount(ctx context.Context, a Account, e Entry) error

	// Account returns one. ENotFound when there is none.
	Account(ctx context.Context, name string) (Account, error)

	// ListAccounts returns all, by name.
	ListAccounts(ctx context.Context) ([]Account, error)

	// SetPassword changes an account's password and ends its sessions.
	// ENotFound when there is no such account.
	SetPassword(ctx context.Context, name, password string, e Entry) error

	// SetDisabled closes an account and ends its sessions, or opens it again.
	// ENotFound when there is no such account.
	SetDisabled(ctx context.Context, name string, disabled bool, e Entry) error

	// OpenSession begins a session of an account whose password is still the
	// one given; EConflict when it was changed or disabled meanwhile. Sessions
	// that began before stale are forgotten.
	OpenSession(ctx context.Context, s Session, password string, stale time.Time, e Entry) error

	// Session returns a session and its account as they are now. ENotFound when
	// it has ended.
	Session(ctx context.Context, hash Hash) (Session, Account, error)

	// SeeSession notes that a session was used at a time.
	SeeSession(ctx context.Context, hash Hash, at time.Time) error

	// EndSession ends a session, if it hasn't ended.
	EndSession(ctx context.Context, hash Hash, e Entry) error

	// Note appends to the audit trail, which nothing ever changes, and nothing
	// deletes before AuditDays: the tables refuse it.
	Note(ctx context.Context, e Entry) error

	// AddTry appends a try to log in, for the other processes to weigh, and
	// returns its number, which rises. Tries are forgotten with Past.Tries.
	AddTry(ctx context.Context, t Try) (int64, error)

	// Tries returns at most limit tries after a number, in its order. One that
	// another process stores in the same instant may be missed.
	Tries(ctx context.Context, after int64, limit int) ([]Try, error)

	// Trail returns at most limit entries of hall whose ID is below before,
	// newest first. An empty hall is all of them; before 0 begins at the end.
	Trail(ctx context.Context, hall kiosk.HallID, before int64, limit int) ([]Entry, error)
}

// Role is what kind of work an account does.
type Role string

// The roles.
const (
	Clerk         Role = "clerk"         // works at a window
	Guide         Role = "guide"         // helps people in the hall
	Manager       Role = "manager"       // runs the hall
	Technician    Role = "technician"    // looks after the machines
	Administrator Role = "administrator" // looks after the center
)

// Roles are all roles.
var Roles = []Role{Clerk, Guide, Manager, Technician, Administrator}

// Action is something that not everybody may do.
type Action string

// The actions.
const (
	ActionCall     Action = "call"     // next, recall, start, finish, no-show, park, put back, undo
	ActionTransfer Action = "transfer" // to another queue or window
	ActionWindow   Action = "window"   // open, close and pause a window
	ActionGuide    Action = "guide"    // take a ticket for somebody, mark priority, check in
	ActionQueue    Action = "queue"    // pause a queue, a message on the screens
	ActionReport   Action = "report"   // figures of the hall
	ActionAudit    Action = "audit"    // read the audit trail
	ActionKiosk    Action = "kiosk"    // commands to kiosks: print again, restart
	ActionKeys     Action = "keys"     // enroll and revoke kiosks
	ActionAccounts Action = "accounts" // add, disable and change accounts
)

// Actions are all actions.
var Actions = []Action{ActionCall, ActionTransfer, ActionWindow, ActionGuide, ActionQueue, ActionReport, ActionAudit, ActionKiosk, ActionKeys, ActionAccounts}

// permits is who may do what. An administrator keeps accounts and keys, and
// calls nobody: whoever can make accounts is not the one whose calls they
// explain.
var permits = map[Role]map[Action]bool{
	Clerk:         {ActionCall: true, ActionTransfer: true, ActionWindow: true},
	Guide:         {ActionGuide: true, ActionTransfer: true},
	Manager:       {ActionCall: true, ActionTransfer: true, ActionWindow: true, ActionGuide: true, ActionQueue: true, ActionReport: true, ActionAudit: true},
	Technician:    {ActionKiosk: true, ActionKeys: true, ActionQueue: true},
	Administrator: {ActionReport: true, ActionAudit: true, ActionKiosk: true, ActionKeys: true, ActionAccounts: true},
}

// Permit says whether a role may do an action. What isn't in the table nobody
// may.
func Permit(r Role, a Action) bool { return permits[r][a] }

// Account is a person at the center.
type Account struct {
	Name     string
	Role     Role
	Hall     kiosk.HallID // "" for all halls
	Password string       // as HashPassword wrote it
	Made     time.Time
	Disabled bool
}

// In says whether the account works in a hall.
func (a Account) In(hall kiosk.HallID) bool { return a.Hall == "" || a.Hall == hall }

// Session is a person who has logged in.
type Session struct {
	Hash    Hash // of the secret that the person holds
	Account string
	Began   time.Time
	Seen    time.Time // last use, to the minute
	From    string    // address
}

// Try is a try to log in that a process has weighed.
type Try struct {
	ID      int64
	At      time.Time
	Account string // "" when there is none of the name: people type passwords there
	From    string // address
	Won     bool
}

// Entry is one line of the audit trail: who did what, when, to what, from
// where.
type Entry struct {
	ID      int64        `json:"id" doc:"Rises with time"`
	At      time.Time    `json:"at"`
	Hall    kiosk.HallID `json:"hall" doc:"Empty when it was about no hall or all"`
	Account string       `json:"account" doc:"Who; a kiosk is written kiosk:ID, the console operator:USER"`
	Action  string       `json:"action" doc:"What, such as login, code.made, key.revoked" example:"login"`
	Subject string       `json:"subject" doc:"To what or whom"`
	From    string       `json:"from" doc:"Address, or console"`
}

// NewAccount stores a new account with a password, of which only the hash is
// kept; by says who makes it, when and from where. EInvalid: account or password
// can't be. EConflict: the name is taken.
func NewAccount(ctx context.Context, st Accounts, a Account, password string, c Cost, by Entry) error {
	if err := CheckAccount(a); err != nil {
		return err
	}
	if err := CheckPassword(password); err != nil {
		return err
	}
	a.Password, a.Made = HashPassword(password, c), by.At
	by.Hall, by.Action, by.Subject = a.Hall, "account.added", a.Name+" "+string(a.Role)
	return st.AddAccount(ctx, a, by)
}

// DisableAccount closes an account and ends its sessions, or opens it again; by
// as for NewAccount. ENotFound when there is no such account.
func DisableAccount(ctx context.Context, st Accounts, name string, off bool, by Entry) error {
	a, err := st.Account(ctx, name)
	if err != nil && kiosk.CodeOf(err) != kiosk.ENotFound { // which SetDisabled says in words
		return err
	}
	by.Hall, by.Action, by.Subject = a.Hall, "account.enabled", name
	if off {
		by.Action = "account.disabled"
	}
	return st.SetDisabled(ctx, name, off, by)
}

// ChangePassword changes an account's password and ends its sessions; by and
// errors as for NewAccount and DisableAccount.
func ChangePassword(ctx context.Context, st Accounts, name, password string, c Cost, by Entry) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	a, err := st.Account(ctx, name)
	if err != nil && kiosk.CodeOf(err) != kiosk.ENotFound {
		return err
	}
	by.Hall, by.Action, by.Subject = a.Hall, "account.password", name
	return st.SetPassword(ctx, name, HashPassword(password, c), by)
}

// accountName says whether a name can be an account's: 1 to 64 bytes of
// letters in any script, digits, dots, hyphens and underscores.
func accountName(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '-' && r != '_' {
			return false
		}
	}
	return s != "" && text(s)
}

// CheckAccount returns EInvalid, with a hint, when an account can't be stored.
func CheckAccount(a Account) error {
	bad := func(zh, en string) error {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "check account", Message: zh, Hint: en}
	}
	known := permits[a.Role] != nil
	switch {
	case !accountName(a.Name):
		return bad("账号名只能用文字、数字、点、横线和下划线，最多 64 字节。", "the account's name must be 1 to 64 bytes of letters, digits, dots, hyphens or underscores")
	case !known:
		return bad("没有这个角色。可用：clerk、guide、manager、technician、administrator。", "no such role. Use clerk, guide, manager, technician or administrator")
	case a.Hall != "" && !name.MatchString(string(a.Hall)):
		return bad("大厅编号不对。", "the hall must be 1 to 64 letters, digits, dots, hyphens or underscores")
	}
	return nil
}
