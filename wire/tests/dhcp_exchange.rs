//! A client and a server of DHCPv4 that consist of the formats alone: each message of RFC 2131 is made by a repr, read by
//! a view, and held against tables 3, 4 and 5.

use core::net::Ipv4Addr;
use tersus_wire::dhcpv4::{
    code, Addresses, Flags, MessageType, Operation, Opt, Packet, Parameters, Repr, Route, Routes, Value,
};
use tersus_wire::HardwareAddress;

const CLIENT: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]);
const IDENTIFIER: [u8; 7] = [1, 2, 0, 0, 0, 0, 1];
const WANTED: [u8; 5] =
    [code::SUBNET_MASK, code::CLASSLESS_ROUTES, code::ROUTER, code::DNS_SERVER, code::LEASE_TIME];
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 100);
const NONE: Ipv4Addr = Ipv4Addr::UNSPECIFIED;
/// What everyone takes: 576 octets, less the headers of IPv4 and UDP.
const MESSAGE_LEN: usize = 548;

fn message(repr: &Repr, options: &[Opt<'_>]) -> Vec<u8> {
    let mut octets = vec![0; repr.buffer_len(options)];
    assert!(octets.len() <= MESSAGE_LEN);
    assert_eq!(repr.emit(options, &mut octets), Ok(octets.len()));
    octets
}

/// What a client remembers.
#[derive(Clone, Copy)]
struct Client {
    transaction_id: u32,
    secs: u16,
    address: Ipv4Addr,
    server: Ipv4Addr,
}

impl Client {
    /// With the options of a kind of message, and those that every message of this client has.
    fn say(&self, kind: MessageType, ciaddr: Ipv4Addr, own: &[Opt<'_>]) -> Vec<u8> {
        let is_last = matches!(kind, MessageType::Decline | MessageType::Release);
        let repr = Repr {
            secs: if is_last { 0 } else { self.secs },
            client_address: ciaddr,
            message_type: kind,
            ..Repr::discover(self.transaction_id, CLIENT)
        };
        let mut options = vec![Opt::ClientIdentifier((&IDENTIFIER).into())];
        if !is_last {
            options.extend([Opt::ParameterList((&WANTED).into()), Opt::MaxMessageSize(576)]);
        }
        options.extend_from_slice(own);
        message(&repr, &options)
    }

    /// A reply that is this client's.
    fn hear<'a>(&self, octets: &'a [u8]) -> Option<(Repr, Parameters<'a>)> {
        let packet = Packet::parse(octets).ok()?;
        let repr = Repr::parse(&packet).ok()?;
        let parameters = packet.parameters();
        let is_ours = repr.operation == Operation::Reply
            && repr.transaction_id == self.transaction_id
            && repr.client_hardware == CLIENT
            && !parameters.client_identifier.as_ref().is_some_and(|identifier| *identifier != IDENTIFIER[..]);
        is_ours.then_some((repr, parameters))
    }
}

/// A server with one address to give.
fn serve(octets: &[u8]) -> Option<Vec<u8>> {
    let packet = Packet::parse(octets).ok()?;
    let request = Repr::parse(&packet).ok()?;
    let asked = packet.parameters();
    if request.operation != Operation::Request {
        return None;
    }
    let is_other = asked.server_identifier.is_some_and(|server| server != SERVER);
    let (kind, lease) = match request.message_type {
        MessageType::Discover => (MessageType::Offer, true),
        MessageType::Request if is_other => return None,
        MessageType::Request if asked.requested_address.unwrap_or(request.client_address) == ADDRESS => {
            (MessageType::Ack, true)
        }
        MessageType::Request => (MessageType::Nak, false),
        MessageType::Inform => (MessageType::Ack, false),
        _ => return None,
    };
    let mut reply = Repr::reply(&request, kind);
    let mut options = vec![Opt::ServerIdentifier(SERVER)];
    let (mut routers, mut servers, mut routes) = ([0; 4], [0; 8], [0; 16]);
    if kind != MessageType::Nak {
        let route = Route { destination: "0.0.0.0/0".parse().expect("a prefix"), router: SERVER };
        options.extend([
            Opt::SubnetMask(Ipv4Addr::new(255, 255, 255, 0)),
            Opt::ClasslessRoutes(Routes::emit(&[route], &mut routes).expect("room")),
            Opt::Routers(Addresses::emit(&[SERVER], &mut routers).expect("room")),
            Opt::DnsServers(Addresses::emit(&[SERVER, ADDRESS], &mut servers).expect("room")),
        ]);
        // Only what was asked for.
        let wanted = asked.parameter_list.as_ref();
        options.retain(|option| {
            option.code() == code::SERVER_IDENTIFIER
                || !wanted.is_some_and(|list| list.octets().all(|code| code != option.code()))
        });
    }
    if lease {
        reply.your_address = ADDRESS;
        options.extend([Opt::LeaseTime(3_600), Opt::RenewalTime(1_800), Opt::RebindingTime(3_150)]);
    }
    options.extend(asked.client_identifier.clone().map(Opt::ClientIdentifier));
    // Behind all others, RFC 3046 §2.2.
    options.extend(packet.option(code::RELAY_INFORMATION).map(Opt::RelayInformation));
    let limit = usize::from(asked.max_message_size.unwrap_or(576)) - 28;
    let octets = message(&reply, &options);
    assert!(octets.len() <= limit);
    Some(octets)
}

/// Rows of table 5: the kind, and which of options 50, 51, 54, 55, 56, 57, 60 must or must not be there.
fn check_table_5(octets: &[u8], kind: MessageType, ciaddr: Ipv4Addr, must: &[u8], must_not: &[u8]) {
    let packet = Packet::parse(octets).expect("a message");
    assert!(octets.len() >= 300);
    let repr = Repr::parse(&packet).expect("of DHCP");
    let fixed = (repr.operation, repr.message_type, repr.hops, repr.client_address);
    assert_eq!(fixed, (Operation::Request, kind, 0, ciaddr));
    assert_eq!([repr.your_address, repr.server_address, repr.relay_address], [NONE; 3]);
    let codes: Vec<u8> = packet.options().map(|option| option.expect("whole").code()).collect();
    assert!(must.iter().all(|code| codes.contains(code)), "{packet}: {must:?}");
    assert!(!must_not.iter().any(|code| codes.contains(code)), "{packet}: {must_not:?}");
    if matches!(kind, MessageType::Decline | MessageType::Release) {
        assert_eq!((repr.secs, repr.flags), (0, Flags::empty()));
    }
}

/// Rows of table 3.
fn check_table_3(octets: &[u8], kind: MessageType, yiaddr: Ipv4Addr, must: &[u8], must_not: &[u8]) {
    let packet = Packet::parse(octets).expect("a message");
    let repr = Repr::parse(&packet).expect("of DHCP");
    let fixed = (repr.operation, repr.message_type, repr.hops, repr.secs, repr.your_address);
    assert_eq!(fixed, (Operation::Reply, kind, 0, 0, yiaddr));
    let codes: Vec<u8> = packet.options().map(|option| option.expect("whole").code()).collect();
    assert!(must.iter().all(|code| codes.contains(code)), "{packet}: {must:?}");
    // Never in a reply: requested address, parameter list, maximum size.
    assert!(![50, 55, 57].iter().chain(must_not).any(|code| codes.contains(code)), "{packet}: {must_not:?}");
}

#[test]
fn an_address_is_leased_renewed_and_released() {
    let mut client = Client { transaction_id: 0x1234_5678, secs: 2, address: NONE, server: NONE };
    let discover = client.say(MessageType::Discover, NONE, &[]);
    check_table_5(&discover, MessageType::Discover, NONE, &[], &[54, 56]);

    let offer = serve(&discover).expect("an offer");
    check_table_3(&offer, MessageType::Offer, ADDRESS, &[51, 54], &[]);
    let (repr, parameters) = client.hear(&offer).expect("ours");
    assert_eq!(repr.message_type, MessageType::Offer);
    client.server = parameters.server_identifier.expect("RFC 2131 table 3");

    // Selecting: the same xid and secs.
    let own = [Opt::RequestedAddress(repr.your_address), Opt::ServerIdentifier(client.server)];
    let request = client.say(MessageType::Request, NONE, &own);
    check_table_5(&request, MessageType::Request, NONE, &[50, 54], &[56]);
    let ack = serve(&request).expect("an answer");
    check_table_3(&ack, MessageType::Ack, ADDRESS, &[51, 54], &[]);
    let (repr, parameters) = client.hear(&ack).expect("ours");
    assert_eq!((repr.message_type, repr.your_address), (MessageType::Ack, ADDRESS));
    client.address = repr.your_address;
    let times = (parameters.lease_time, parameters.renewal_time, parameters.rebinding_time);
    assert_eq!(times, (Some(3_600), Some(1_800), Some(3_150)));
    assert_eq!(parameters.prefix_len, Some(24));
    // Both are there, and the client that knows classless routes ignores the other.
    assert_eq!(parameters.routers, None);
    let routes = parameters.classless_routes.expect("asked for").iter().collect::<Vec<_>>();
    assert_eq!((routes.len(), routes[0].router), (1, SERVER));
    assert!(parameters.dns_servers.expect("asked for").iter().eq([SERVER, ADDRESS]));

    // Renewing and rebinding differ in where they go only.
    client.transaction_id += 1;
    let renew = client.say(MessageType::Request, client.address, &[]);
    check_table_5(&renew, MessageType::Request, ADDRESS, &[], &[50, 54, 56]);
    let (repr, _) =
        client.hear(&serve(&renew).expect("an answer")).map(|(repr, _)| (repr, ())).expect("ours");
    assert_eq!(
        (repr.message_type, repr.client_address, repr.your_address),
        (MessageType::Ack, ADDRESS, ADDRESS)
    );

    let release = client.say(MessageType::Release, client.address, &[Opt::ServerIdentifier(client.server)]);
    check_table_5(&release, MessageType::Release, ADDRESS, &[54], &[50, 51, 55, 57, 60]);
    assert_eq!(serve(&release), None);
}

#[test]
fn an_address_in_use_is_declined_and_a_wrong_one_refused() {
    let client = Client { transaction_id: 9, secs: 0, address: ADDRESS, server: SERVER };
    let own = [
        Opt::RequestedAddress(client.address),
        Opt::ServerIdentifier(client.server),
        Opt::Message("in use".into()),
    ];
    let decline = client.say(MessageType::Decline, NONE, &own);
    check_table_5(&decline, MessageType::Decline, NONE, &[50, 54], &[51, 55, 57, 60]);
    assert_eq!(serve(&decline), None);

    // After a reboot: what it had before, without a server.
    let before = Ipv4Addr::new(10, 9, 9, 9);
    let reboot = client.say(MessageType::Request, NONE, &[Opt::RequestedAddress(before)]);
    check_table_5(&reboot, MessageType::Request, NONE, &[50], &[54]);
    let nak = serve(&reboot).expect("an answer");
    check_table_3(&nak, MessageType::Nak, NONE, &[54], &[51, 1, 3, 6]);
    assert_eq!(client.hear(&nak).map(|(repr, _)| repr.message_type), Some(MessageType::Nak));

    // An offer of another server was taken: this one is silent.
    let other = [Opt::RequestedAddress(before), Opt::ServerIdentifier(before)];
    assert_eq!(serve(&client.say(MessageType::Request, NONE, &other)), None);
}

#[test]
fn who_has_an_address_asks_for_the_rest() {
    let client = Client { transaction_id: 10, secs: 0, address: ADDRESS, server: NONE };
    let inform = client.say(MessageType::Inform, client.address, &[]);
    check_table_5(&inform, MessageType::Inform, ADDRESS, &[], &[50, 51, 54, 56]);
    let ack = serve(&inform).expect("an answer");
    check_table_3(&ack, MessageType::Ack, NONE, &[54], &[51, 58, 59]);
    let (repr, parameters) = client.hear(&ack).expect("ours");
    assert_eq!(repr.client_address, ADDRESS);
    assert!(parameters.dns_servers.is_some() && parameters.lease_time.is_none());
}

#[test]
fn what_a_relay_adds_goes_back_behind_all_other_options() {
    let client = Client { transaction_id: 11, secs: 0, address: NONE, server: NONE };
    let discover = client.say(MessageType::Discover, NONE, &[]);
    // The relay writes the message anew.
    let packet = Packet::parse(&discover).expect("a message");
    let relayed = Repr { hops: 1, relay_address: SERVER, ..Repr::parse(&packet).expect("of DHCP") };
    let information = [1, 4, b'p', b'o', b'r', b't'];
    let mut options: Vec<Opt<'_>> = packet.options().map(|option| option.expect("whole")).skip(1).collect();
    options.push(Opt::RelayInformation(Value::from(&information)));
    let offer = serve(&message(&relayed, &options)).expect("an offer");
    let packet = Packet::parse(&offer).expect("a message");
    assert_eq!(packet.relay_address(), SERVER);
    let last = packet.options().last().expect("options");
    assert_eq!(last, Ok(Opt::RelayInformation(Value::from(&information))));
}

#[test]
fn replies_to_others_are_not_heard() {
    let client = Client { transaction_id: 12, secs: 0, address: NONE, server: NONE };
    let offer = serve(&client.say(MessageType::Discover, NONE, &[])).expect("an offer");
    assert!(client.hear(&offer).is_some());
    // op, xid, chaddr, the cookie, the kind of message.
    for at in [0, 7, 30, 239, 240] {
        let mut octets = offer.clone();
        octets[at] ^= 3;
        assert!(client.hear(&octets).is_none(), "octet {at}");
    }
    let packet = Packet::parse(&offer).expect("a message");
    let options = packet.options().map(|option| option.expect("whole")).skip(1).map(|option| match option {
        Opt::ClientIdentifier(_) => Opt::ClientIdentifier((&[1, 9]).into()),
        other => other,
    });
    let others = message(&Repr::parse(&packet).expect("of DHCP"), &options.collect::<Vec<_>>());
    assert!(client.hear(&others).is_none(), "RFC 6842: another's identifier");
}
