package center

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// spec serves the API's description. huma's own handlers keep it in a variable
// that two requests at once may both write (v2.37.2, api.go:502), so this does it.
func (s *Server) spec(api huma.API) {
	for path, make := range map[string]func() ([]byte, error){
		"json": sync.OnceValues(func() ([]byte, error) { return json.Marshal(api.OpenAPI()) }),
		"yaml": sync.OnceValues(api.OpenAPI().YAML),
	} {
		s.mux.HandleFunc("GET /openapi."+path, func(w http.ResponseWriter, _ *http.Request) {
			text, err := make()
			if err != nil {
				s.writeProblem(w, s.fault(err))
				return
			}
			w.Header().Set("Content-Type", "application/openapi+"+path)
			w.Write(text) //nolint:errcheck // the reader went away
		})
	}
}
