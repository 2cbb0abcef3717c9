package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Held is what became of connections that were held: so many were opened, of which so many were answered at their end too.
type Held struct {
	Opened int            `json:"opened"`
	Lived  int            `json:"lived"`
	Errors map[string]int `json:"errors"` // how often each
}

// A conversation sends a text and returns what came back.
type conversation func(text string) (string, error)

// openers have, by kind, what opens a conversation that ends with ctx.
var openers = map[string]func(ctx context.Context, target string) (conversation, error){
	"websocket": openWebSocket,
	"tcp":       openTCP,
	"grpc":      openGRPC,
}

// hold opens connections at a constant rate, whatever becomes of those before, and has each say something at its begin and its end.
func hold(arguments []string) error {
	flags := flag.NewFlagSet("hold", flag.ExitOnError)
	rate := flags.Float64("rate", 1, "how many are opened in a `second`")
	count := flags.Int("count", 1, "how many are opened in all")
	quiet := flags.Duration("quiet", 0, "how long each stays silent")
	patience := flags.Duration("patience", 15*time.Second, "the longest wait for what each says")
	_ = flags.Parse(arguments)
	open := openers[flags.Arg(0)]
	if flags.NArg() != 2 || open == nil {
		return errors.New("usage: peer hold [flags] websocket|tcp|grpc target")
	}
	result := Held{Opened: *count, Errors: map[string]int{}}
	var ended sync.WaitGroup
	var mutex sync.Mutex
	begin := time.Now()
	for number := range *count {
		time.Sleep(time.Until(begin.Add(time.Duration(float64(number) / *rate * float64(time.Second)))))
		ended.Go(func() {
			err := live(open, flags.Arg(1), *quiet, *patience)
			mutex.Lock()
			defer mutex.Unlock()
			if err == nil {
				result.Lived++
			} else {
				result.Errors[err.Error()]++
			}
		})
	}
	ended.Wait()
	return json.NewEncoder(os.Stdout).Encode(result)
}

// live is one connection: a question, silence and a question, with an error that says at which it ended.
func live(open func(context.Context, string) (conversation, error), target string, quiet, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), quiet+2*patience)
	defer cancel()
	ask, err := open(ctx, target)
	if err != nil {
		return fmt.Errorf("not opened: %w", unnumbered(err))
	}
	if _, err = ask("begin"); err != nil {
		return fmt.Errorf("at its begin: %w", unnumbered(err))
	}
	time.Sleep(quiet)
	if echo, err := ask("end"); err != nil {
		return fmt.Errorf("at its end: %w", unnumbered(err))
	} else if echo != "end" {
		return fmt.Errorf("at its end: it said %q", echo)
	}
	return nil
}

// unnumbered is the error without the ports of one connection, so that like ones are counted together.
func unnumbered(err error) error {
	var network *net.OpError
	if errors.As(err, &network) {
		return network.Err
	}
	if code := status.Code(err); code != codes.Unknown {
		return errors.New(code.String())
	}
	return err
}

func openWebSocket(ctx context.Context, target string) (conversation, error) {
	connection, _, err := websocket.Dial(ctx, target, nil)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = connection.CloseNow() })
	if _, _, err = connection.Read(ctx); err != nil { // what the upstream saw
		return nil, err
	}
	return func(text string) (string, error) {
		if err := connection.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			return "", err
		}
		_, echo, err := connection.Read(ctx)
		return string(echo), err
	}, nil
}

func openTCP(ctx context.Context, target string) (conversation, error) {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", target)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = connection.Close() })
	reader := bufio.NewReader(connection)
	return func(text string) (string, error) {
		if _, err := fmt.Fprintln(connection, text); err != nil {
			return "", err
		}
		echo, err := reader.ReadString('\n')
		return strings.TrimRight(echo, "\n"), err
	}, nil
}

func openGRPC(ctx context.Context, target string) (conversation, error) {
	connection, err := grpc.NewClient("passthrough:///"+target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = connection.Close() })
	stream, err := connection.NewStream(ctx, &talkStream, talkMethod)
	if err != nil {
		return nil, err
	}
	return func(text string) (string, error) {
		if err := stream.SendMsg(wrapperspb.String(text)); err != nil {
			return "", err
		}
		echo := &wrapperspb.StringValue{}
		err := stream.RecvMsg(echo)
		return echo.Value, err
	}, nil
}
