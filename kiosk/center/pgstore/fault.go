package pgstore

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"hallkiosk/kiosk"
)

// errMend marks what the operator must mend before the center can start: see
// Open.
type errMend struct{ hint string }

func (e *errMend) Error() string { return "the database can't be used as it is" }

// failed is failed of this database, and notes what its disk refuses.
func (s *Store) failed(op string, err error) error {
	err = failed(op, s.place, err)
	s.disk.Note(err)
	return err
}

// failed says in the domain's words what err means; nil stays nil. place names
// the database without its password.
func failed(op, place string, err error) error {
	var known *kiosk.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	code, hint := judge(err)
	if hint != "" {
		hint = place + ": " + hint
	}
	return &kiosk.Error{Code: code, Op: op, Err: err, Hint: hint}
}

// hints are what the server's own codes mean for the operator; see appendix A
// of its manual. A code of two characters is a whole class.
var hints = map[string]struct {
	code kiosk.Code
	hint string
}{
	"08":    {kiosk.EUnavailable, "连接断了，请看 PostgreSQL 是否在运行，和它的日志 / the connection broke. See whether PostgreSQL runs, and its log"},
	"25P03": {kiosk.EUnavailable, "中心停顿太久，这次操作没有生效，请再试 / the center stood still for too long, and nothing was stored. Try again"},
	"25006": {kiosk.EDisk, "PostgreSQL 是只读的，请看是不是备机，或 default_transaction_read_only 开着 / PostgreSQL is read-only. Is it a standby, or default_transaction_read_only on? Let url name the primary"},
	"40":    {kiosk.EBusy, "一再和别人相撞，请稍后再试 / others were in the way again and again. Try later"},
	"42501": {kiosk.EUnavailable, "用户没有权限，请让它做数据库的属主 / this user lacks rights. Make it the owner of the database: ALTER DATABASE ... OWNER TO ..."},
	"53100": {kiosk.EDisk, "PostgreSQL 的磁盘满了，请腾出空间 / PostgreSQL's disk is full. Make room there"},
	"53200": {kiosk.EUnavailable, "PostgreSQL 的机器内存不够 / PostgreSQL's machine is out of memory"},
	"53300": {kiosk.EUnavailable, "PostgreSQL 没有空闲的连接，请调大 max_connections / PostgreSQL has no connection left. Raise its max_connections"},
	"55P03": {kiosk.EBusy, "有人占着锁，请看 pg_locks 和 pg_stat_activity / somebody holds a lock. See pg_locks and pg_stat_activity"},
	"57":    {kiosk.EUnavailable, "PostgreSQL 正在启动或停止，或有人中止了查询，请再试 / PostgreSQL is starting or stopping, or somebody ended the query. Try again"},
	"58":    {kiosk.EDisk, "PostgreSQL 的磁盘报错，请看它的日志和那里的 dmesg / PostgreSQL's disk refuses. See its log, and dmesg there"},
	"XX001": {kiosk.EDisk, "PostgreSQL 的数据坏了，请停下它，留一份文件夹，恢复最新的备份 / PostgreSQL found damaged data. Stop it, keep a copy of its folder, and restore the newest backup"},
	"XX002": {kiosk.EDisk, "PostgreSQL 的索引坏了，请留一份文件夹，再 REINDEX / PostgreSQL found a damaged index. Keep a copy of its folder, then REINDEX"},
	"28":    {kiosk.EUnavailable, "PostgreSQL 不接受这个用户或密码，请改 [store] url 或那里的 pg_hba.conf / PostgreSQL refuses the user or the password. Mend [store] url, or pg_hba.conf there"},
	"3D000": {kiosk.EUnavailable, "没有这个数据库，请用 createdb 建，或改 [store] url / there is no such database. Make it with createdb, or mend [store] url"},
}

// judge says what kind of thing err is, and what to do about it if anybody
// can.
func judge(err error) (kiosk.Code, string) {
	var server *pgconn.PgError
	var mend *errMend
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &server):
		for _, key := range []string{server.Code, server.Code[:min(2, len(server.Code))]} {
			if h, ok := hints[key]; ok {
				return h.code, h.hint
			}
		}
		return kiosk.EInternal, ""
	case errors.As(err, &mend):
		return kiosk.EUnavailable, mend.hint
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, errClosed):
		if errors.As(err, &connect) {
			return kiosk.EUnavailable, "没有及时回答，请启动 PostgreSQL，或改 [store] url / doesn't answer in time. Start PostgreSQL, or mend [store] url"
		}
		return kiosk.EUnavailable, ""
	case errors.As(err, &connect):
		return kiosk.EUnavailable, "不回答，请启动 PostgreSQL，或改 [store] url / doesn't answer. Start PostgreSQL, or mend [store] url"
	}
	// What remains comes from the line: the server fell silent or went away.
	return kiosk.EUnavailable, hints["08"].hint
}

// mendable says whether nothing but a person's change helps. Open says EInvalid
// then; while the center runs the same counts as the database being away, for
// the kiosks are not to blame.
func mendable(err error) bool {
	var server *pgconn.PgError
	var mend *errMend
	if errors.As(err, &mend) {
		return true
	}
	return errors.As(err, &server) && (server.Code[:2] == "28" || server.Code == "3D000" || server.Code == "42501")
}

// again says whether a transaction that failed with err was rolled back for
// the sake of another, and should be tried once more.
func again(err error) bool {
	var server *pgconn.PgError
	return errors.Is(err, errRaced) || errors.As(err, &server) && (server.Code == "40001" || server.Code == "40P01" || server.Code == "25P03")
}

// errRaced ends a transaction that another one has overtaken.
var errRaced = errors.New("another process changed the same rows")
