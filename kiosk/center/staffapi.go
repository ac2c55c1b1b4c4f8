package center

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hallkiosk/kiosk"
)

// AccountView is an account as administrators see it.
type AccountView struct {
	Name     string       `json:"name"`
	Role     Role         `json:"role"`
	Hall     kiosk.HallID `json:"hall" doc:"The only hall of the account; empty for all"`
	Made     time.Time    `json:"made"`
	Disabled bool         `json:"disabled"`
}

type accountsOutput struct {
	Body []AccountView `nullable:"false"`
}

// accounts is GET /v1/accounts: those of the asker's hall.
func (s *Server) accounts(ctx context.Context, _ *struct{}) (*accountsOutput, error) {
	who, _ := ctx.Value(actor{}).(Actor)
	if _, err := allowed(ctx, who.Hall, ActionAccounts); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	all, err := s.store.ListAccounts(ctx)
	if err != nil {
		return nil, s.fault(err)
	}
	out := &accountsOutput{Body: []AccountView{}}
	for _, a := range all {
		if who.Hall == "" || who.Hall == a.Hall {
			out.Body = append(out.Body, AccountView{a.Name, a.Role, a.Hall, a.Made, a.Disabled})
		}
	}
	return out, nil
}

type addAccountInput struct {
	Body struct {
		Name     string       `json:"name" maxLength:"64"`
		Role     Role         `json:"role" enum:"clerk,guide,manager,technician,administrator"`
		Hall     kiosk.HallID `json:"hall,omitempty" maxLength:"64" doc:"The only hall of the account; without it all, which only an administrator of all halls may give"`
		Password string       `json:"password" maxLength:"256" doc:"10 bytes at the least"`
	}
}

// addAccount is POST /v1/accounts.
func (s *Server) addAccount(ctx context.Context, in *addAccountInput) (*struct{}, error) {
	b := in.Body
	who, err := allowed(ctx, b.Hall, ActionAccounts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	err = within(ctx, s.people.passwords.places, func() error {
		return NewAccount(ctx, s.store, Account{Name: b.Name, Role: b.Role, Hall: b.Hall}, b.Password, s.people.cost, s.entry(ctx, who, "", "", ""))
	})
	if err != nil {
		return nil, s.fault(err)
	}
	return nil, nil
}

type changeAccountInput struct {
	Name string `path:"name" maxLength:"64"`
	Body struct {
		Disabled *bool   `json:"disabled,omitempty" doc:"true closes the account and ends its sessions, false opens it again"`
		Password *string `json:"password,omitempty" maxLength:"256" doc:"A new one; the account's sessions end"`
	}
}

// changeAccount is PATCH /v1/accounts/{name}.
func (s *Server) changeAccount(ctx context.Context, in *changeAccountInput) (*struct{}, error) {
	who, _ := ctx.Value(actor{}).(Actor)
	if _, err := allowed(ctx, who.Hall, ActionAccounts); err != nil { // before it says who has an account
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	a, err := Account{}, error(&kiosk.Error{Code: kiosk.ENotFound})
	if accountName(in.Name) {
		a, err = s.store.Account(ctx, in.Name)
	}
	if kiosk.CodeOf(err) == kiosk.ENotFound {
		err = &kiosk.Error{Code: kiosk.ENotFound, Op: "change account", Message: "没有这个账号。", Hint: "no such account"}
	}
	if err != nil {
		return nil, s.fault(err)
	}
	if _, err := allowed(ctx, a.Hall, ActionAccounts); err != nil {
		return nil, err
	}
	by := s.entry(ctx, who, "", "", "")
	if p := in.Body.Password; p != nil {
		err = within(ctx, s.people.passwords.places, func() error {
			return ChangePassword(ctx, s.store, a.Name, *p, s.people.cost, by)
		})
	}
	if off := in.Body.Disabled; off != nil && err == nil {
		err = DisableAccount(ctx, s.store, a.Name, *off, by)
	}
	if err != nil {
		return nil, s.fault(err)
	}
	return nil, nil
}

// KeyView is a kiosk's key as technicians see it.
type KeyView struct {
	Kiosk   kiosk.KioskID `json:"kiosk"`
	Key     kiosk.KeyID   `json:"key"`
	Made    time.Time     `json:"made"`
	Until   *time.Time    `json:"until,omitempty" doc:"How long it is good; without it for ever"`
	Revoked *time.Time    `json:"revoked,omitempty"`
	Used    *time.Time    `json:"used,omitempty" doc:"Last"`
}

type keysOutput struct {
	Body []KeyView `nullable:"false"`
}

// keys is GET /v1/halls/{hall}/keys.
func (s *Server) keys(ctx context.Context, in *hallInput) (*keysOutput, error) {
	if _, err := s.permitted(ctx, in.Hall, ActionKeys); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	all, err := s.store.ListKeys(ctx)
	if err != nil {
		return nil, s.fault(err)
	}
	moment := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	out := &keysOutput{Body: []KeyView{}}
	for _, k := range all {
		if k.Hall == in.Hall {
			out.Body = append(out.Body, KeyView{k.Kiosk, k.ID, k.Made, moment(k.Until), moment(k.Revoked), moment(k.Used)})
		}
	}
	return out, nil
}

type codeInput struct {
	Hall kiosk.HallID `path:"hall" maxLength:"64"`
	Body struct {
		Kiosk kiosk.KioskID `json:"kiosk" maxLength:"64"`
		Days  int           `json:"days,omitempty" minimum:"0" maximum:"36500" doc:"How long the key will be good; 0 is for ever"`
	}
}

type codeOutput struct {
	Body struct {
		Code  string    `json:"code" doc:"For kiosk enroll; it works once" example:"7Q2M-04KD-XW9T"`
		Until time.Time `json:"until" doc:"How long it may be exchanged"`
	}
}

// code is POST /v1/halls/{hall}/codes. A hall that isn't there yet comes to be
// when its first kiosk is enrolled, which is for the operator at the console.
func (s *Server) code(ctx context.Context, in *codeInput) (*codeOutput, error) {
	who, err := s.permitted(ctx, in.Hall, ActionKeys)
	if err == nil {
		err = s.ownKiosk(ctx, in.Hall, in.Body.Kiosk, true)
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	out := &codeOutput{}
	by := s.entry(ctx, who, in.Hall, "", "")
	if out.Body.Code, err = newCode(ctx, s.store, in.Body.Kiosk, time.Duration(in.Body.Days)*24*time.Hour, by); err != nil {
		return nil, s.fault(err)
	}
	out.Body.Until = by.At.Add(CodeLife)
	return out, nil
}

type revokeInput struct {
	Hall  kiosk.HallID  `path:"hall" maxLength:"64"`
	Kiosk kiosk.KioskID `path:"kiosk" maxLength:"64"`
}

// revoke is DELETE /v1/halls/{hall}/keys/{kiosk}.
func (s *Server) revoke(ctx context.Context, in *revokeInput) (*struct{}, error) {
	who, err := s.permitted(ctx, in.Hall, ActionKeys)
	if err == nil {
		err = s.ownKiosk(ctx, in.Hall, in.Kiosk, false)
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	if err := RevokeKey(ctx, s.store, in.Kiosk, s.entry(ctx, who, "", "", "")); err != nil {
		return nil, s.fault(err)
	}
	return nil, nil
}

// ownKiosk refuses a kiosk that was enrolled for another hall: its own people may
// take it away, others may not. free allows one that was enrolled for none.
func (s *Server) ownKiosk(ctx context.Context, hall kiosk.HallID, id kiosk.KioskID, free bool) error {
	if err := plain(hall, string(id)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
	defer cancel()
	of, err := HallOfKey(ctx, s.store, id)
	switch {
	case err != nil:
		return s.fault(err)
	case of == hall, of == "" && free:
		return nil
	case free:
		return s.fault(&kiosk.Error{Code: kiosk.EConflict, Op: "make code", Message: "这个终端编号已登记在另一个大厅。", Hint: "a kiosk of that id was enrolled for another hall; the operator moves it at the console: center enroll"})
	}
	return s.fault(&kiosk.Error{Code: kiosk.ENotFound, Op: "revoke key", Message: "这个大厅没有这台终端的密钥。", Hint: "no kiosk of that id was enrolled for the hall"})
}

// staffOperations registers accounts and the kiosks' keys.
func (s *Server) staffOperations(api huma.API, o operations) {
	huma.Register(api, o.ask("get-accounts", "/v1/accounts", "The accounts of the asker's hall, or of all halls"), s.accounts)
	huma.Register(api, o.change("post-account", http.MethodPost, "/v1/accounts", "Add an account",
		"For administrators, in their own hall. 409 when the name is taken."), s.addAccount)
	huma.Register(api, o.change("patch-account", http.MethodPatch, "/v1/accounts/{name}", "Disable or enable an account, or set its password",
		"For administrators, in their own hall. What is left out stays as it is."), s.changeAccount)
	huma.Register(api, o.ask("get-keys", "/v1/halls/{hall}/keys", "The keys of a hall's kiosks, those that were revoked too"), s.keys)
	huma.Register(api, o.change("post-code", http.MethodPost, "/v1/halls/{hall}/codes", "Make a code that a kiosk exchanges for a key",
		"For technicians and administrators, in their own hall. It works once, for ten minutes."), s.code)
	huma.Register(api, o.change("delete-key", http.MethodDelete, "/v1/halls/{hall}/keys/{kiosk}", "Revoke a kiosk's key, and forget its codes",
		"For technicians and administrators, in their own hall."), s.revoke)
}
