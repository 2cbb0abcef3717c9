package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
)

// serveControl runs the upstream with no faces yet, and its control port:
//
//	PUT /faces          a list of Face: all that shall be served from now on; what is not in it stops, with its connections
//	PUT /certificates   by name: {"certificate": PEM, "key": PEM}; replaces the certificates of these names
//	GET /seen           everything seen, in order
//	DELETE /seen        forgets it
func serveControl(arguments []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	port := flags.Int("control", 9000, "the control `port`")
	_ = flags.Parse(arguments)

	upstream := newUpstream()
	routes := http.NewServeMux()
	routes.HandleFunc("PUT /faces", func(w http.ResponseWriter, r *http.Request) { put(w, r, upstream.setFaces) })
	routes.HandleFunc("PUT /certificates", func(w http.ResponseWriter, r *http.Request) { put(w, r, upstream.setCertificates) })
	routes.HandleFunc("GET /seen", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(upstream.read()) })
	routes.HandleFunc("DELETE /seen", func(http.ResponseWriter, *http.Request) { upstream.clear() })
	return http.ListenAndServe(fmt.Sprintf(":%d", *port), routes)
}

func put[T any](w http.ResponseWriter, r *http.Request, set func(T) error) {
	var value T
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&value)
	if err == nil {
		err = set(value)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}
