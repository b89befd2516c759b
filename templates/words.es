# Los textos de los mensajes en español. Sus cambios van en
# /etc/otpd/templates/words.es; véanse mail.conf(5) y el README junto a este archivo.

service = "Servicio"
user = "Usuario"
host = "Equipo"
from = "Desde"
terminal = "Terminal"
command = "Orden"
time = "Fecha"
reference = "Referencia"
system = "este sistema"
from_name = "Código de inicio de sesión"

weekdays = "domingo lunes martes miércoles jueves viernes sábado"
months = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
clock = "{{hour}}:{{minute}} {{zone}}"
clock_zone = "{{hour}}:{{minute}} {{zone}} ({{utc}})"
date = "{{weekday}}, {{day}} de {{month}} de {{year}}, {{clock}}"
second = "{{n}} segundo"
seconds = "{{n}} segundos"
minute = "{{n}} minuto"
minutes = "{{n}} minutos"
hour = "{{n}} hora"
hours = "{{n}} horas"

greeting = "Hola{{#person}}, {{person}}{{/person}}:"
prompt = "La pantalla que pide el código debe mostrar la misma referencia: {{reference}}."
page = "La página que pide el código debe mostrar la misma referencia: {{reference}}."
footer = "Mensaje automático enviado para {{host}}. Las respuestas no se leen."
footer_reply = "Mensaje automático enviado para {{host}}. Puede responder a este mensaje."

kind login {
	subject = "Su código de acceso a {{host}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Para {{#service}}{{service}} en {{/service}}{{host}}, pedido a las {{clock}}."
	heading = "Su código de acceso"
	intro = "Introduzca este código donde está iniciando sesión en {{host}}."
	expiry = "Válido durante {{minutes}}, hasta las {{expires}}."
	advice = "Si no está iniciando sesión en este momento, otra persona tiene su contraseña o su clave: cámbiela y avise a su administrador. No comparta nunca este código; nadie lo necesita para ayudarle."
	sms = "{{code}} es su clave de acceso a {{host}}{{#reference}} ({{reference}}){{/reference}}{{#expires}}, vale hasta las {{expires}}{{/expires}}."
}

kind verify {
	subject = "Confirme su dirección de correo para {{host}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Para {{#user}}{{user}} en {{/user}}{{host}}, pedido a las {{clock}}."
	heading = "Confirme su dirección de correo"
	intro = "Introduzca este código para confirmar que los códigos de acceso {{#user}}de {{user}} {{/user}}en {{host}} pueden enviarse a esta dirección."
	expiry = "Válido durante {{minutes}}, hasta las {{expires}}."
	advice = "Si no lo ha pedido, ignore este mensaje: sin el código no cambia nada. No comparta nunca este código; nadie lo necesita para ayudarle."
	sms = "{{code}} confirma este número para las claves de acceso de {{host}}{{#reference}} ({{reference}}){{/reference}}{{#expires}}, vale hasta las {{expires}}{{/expires}}."
}

kind register {
	subject = "Su código para registrarse en {{brand}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Para abrir su cuenta, pedido a las {{clock}}."
	heading = "Su código de registro"
	intro = "Introduzca este código donde se está registrando en {{brand}}. Demuestra que esta dirección es suya."
	expiry = "Válido durante {{minutes}}, hasta las {{expires}}."
	advice = "Si no lo ha pedido, ignore este mensaje: sin el código no se abre ninguna cuenta. No comparta nunca este código; nadie lo necesita para ayudarle."
	sms = "{{code}} es su clave para registrarse en {{brand}}{{#reference}} ({{reference}}){{/reference}}{{#expires}}, vale hasta las {{expires}}{{/expires}}."
}

kind registered {
	subject = "Ya tiene una cuenta en {{brand}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Alguien intentó registrar esta dirección a las {{clock}}."
	heading = "Ya tiene una cuenta"
	intro = "Alguien acaba de intentar abrir una cuenta en {{brand}} con esta dirección, que ya tiene una. No se ha cambiado nada."
	expiry = ""
	advice = "Si ha sido usted, inicie sesión como siempre, o restablezca su contraseña si la ha olvidado. Si no ha sido usted, no tiene que hacer nada."
	sms = "Alguien ha intentado registrar este número en {{brand}}, donde ya tiene una cuenta. No se ha cambiado nada."
}

kind welcome {
	subject = "Le damos la bienvenida a {{brand}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Su cuenta está lista."
	heading = "Le damos la bienvenida"
	intro = "Su dirección de correo está confirmada y su cuenta en {{brand}} está lista."
	expiry = ""
	advice = "A partir de ahora, los códigos de acceso se enviarán a esta dirección. No comparta nunca un código así; nadie lo necesita para ayudarle."
	sms = "Su cuenta en {{brand}} está lista."
}

kind reset {
	subject = "Su código para restablecer la contraseña en {{brand}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Para una contraseña nueva, pedido a las {{clock}}."
	heading = "Restablezca su contraseña"
	intro = "Introduzca este código donde está eligiendo una contraseña nueva para su cuenta en {{brand}}."
	expiry = "Válido durante {{minutes}}, hasta las {{expires}}."
	advice = "Si no lo ha pedido, ignore este mensaje: su contraseña sigue siendo la misma. No comparta nunca este código; nadie lo necesita para ayudarle."
	sms = "{{code}} es su clave para una contraseña nueva en {{brand}}{{#reference}} ({{reference}}){{/reference}}{{#expires}}, vale hasta las {{expires}}{{/expires}}."
}

kind recovery {
	subject = "Su código para crear códigos de recuperación para {{host}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Para {{#user}}{{user}} en {{/user}}{{host}}, pedido a las {{clock}}."
	heading = "Su código para crear códigos de recuperación"
	intro = "Introduzca este código para crear nuevos códigos de recuperación {{#user}}para {{user}} {{/user}}en {{host}}. Los anteriores dejarán de servir."
	expiry = "Válido durante {{minutes}}, hasta las {{expires}}."
	advice = "Si no lo ha pedido, otra persona está en su cuenta: cambie su contraseña y avise a su administrador. No comparta nunca este código; nadie lo necesita para ayudarle."
	sms = "{{code}} sirve para crear claves de recuperaciòn de {{host}}{{#reference}} ({{reference}}){{/reference}}{{#expires}}, vale hasta las {{expires}}{{/expires}}."
}

kind password-changed {
	subject = "Se ha cambiado su contraseña en {{brand}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Cambiada a las {{clock}}. ¿Ha sido usted?"
	heading = "Se ha cambiado su contraseña"
	intro = "Se ha cambiado la contraseña de su cuenta en {{brand}} y se han cerrado todas sus sesiones."
	expiry = ""
	advice = "Si ha sido usted, no tiene que hacer nada. Si no ha sido usted, restablezca su contraseña de inmediato y avise a su administrador."
	sms = "Se ha cambiado su contraseña en {{brand}}. Si no ha sido usted, restablézcala de inmediato y avise a su administrador."
}

kind address-changed {
	subject = "Se ha cambiado su dirección de correo en {{brand}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Cambiada a las {{clock}}. ¿Ha sido usted?"
	heading = "Se ha cambiado su dirección de correo"
	intro = "Los mensajes de {{brand}} {{#user}}para {{user}} {{/user}}ya no llegan a esta dirección{{#address}}: ahora se envían a {{address}}{{/address}}."
	expiry = ""
	advice = "Si ha sido usted, no tiene que hacer nada. Si no ha sido usted, avise enseguida a su administrador: otra persona recibe sus códigos."
	sms = "Se ha cambiado su dirección en {{brand}}. Si no ha sido usted, avise enseguida a su administrador."
}

kind locked {
	subject = "El acceso a {{host}} está bloqueado{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Demasiados códigos erróneos {{#user}}de {{user}} {{/user}}en {{host}}."
	heading = "Acceso bloqueado"
	intro = "Se han introducido demasiados códigos erróneos {{#user}}de {{user}} {{/user}}en {{host}}, y por ahora no se acepta ninguno más."
	expiry = "Fin del bloqueo: {{ends}}."
	advice = "Si ha sido usted, espere o pida a su administrador que desbloquee el acceso. Si no ha sido usted, otra persona tiene su contraseña o su clave: cámbiela y avise a su administrador."
	sms = "El acceso a {{host}} está bloqueado por demasiados códigos erróneos. Si no ha sido usted, avise a su administrador."
}

kind reset-locked {
	subject = "El restablecimiento de su contraseña de {{brand}} está bloqueado{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Demasiados códigos erróneos, el último a las {{clock}}."
	heading = "Restablecimiento bloqueado"
	intro = "Se han introducido demasiados códigos erróneos para restablecer la contraseña de su cuenta de {{brand}}, y por ahora no se puede restablecer con un código. Su contraseña sigue siendo válida."
	expiry = ""
	advice = "Si ha sido usted, pida a su administrador que desbloquee su cuenta. Si no ha sido usted, alguien intenta entrar en ella: no se ha cambiado nada ni se ha adivinado ningún código."
	sms = "El restablecimiento de su contraseña de {{brand}} está bloqueado por demasiados códigos erróneos. Su contraseña sigue siendo válida."
}

kind recovery-codes {
	subject = "Nuevos códigos de recuperación para {{host}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Creados a las {{clock}}. ¿Ha sido usted?"
	heading = "Nuevos códigos de recuperación"
	intro = "Se han creado nuevos códigos de recuperación {{#user}}para {{user}} {{/user}}en {{host}}. Los anteriores ya no sirven."
	expiry = ""
	advice = "Si ha sido usted, guárdelos donde solo usted pueda encontrarlos. Si no ha sido usted, otra persona está en su cuenta: cambie su contraseña y avise a su administrador."
	sms = "Se han creado nuevos códigos de recuperación para su cuenta en {{host}}. Si no ha sido usted, avise enseguida a su administrador."
}

kind recovery-used {
	subject = "Se ha usado un código de recuperación en {{host}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Usado a las {{clock}}. ¿Ha sido usted?"
	heading = "Se ha usado un código de recuperación"
	intro = "Alguien ha iniciado sesión en {{host}} {{#user}}como {{user}} {{/user}}con uno de sus códigos de recuperación, en lugar de uno enviado por correo.{{#left}} Códigos de recuperación restantes: {{left}}.{{/left}}"
	expiry = ""
	advice = "Si ha sido usted, no tiene que hacer nada; cree nuevos códigos de recuperación antes de que se acaben. Si no ha sido usted, cambie su contraseña, cree nuevos códigos de recuperación y avise enseguida a su administrador."
	sms = "Se ha usado un código de recuperación para su cuenta en {{host}}. Si no ha sido usted, avise enseguida a su administrador."
}

kind break-glass {
	subject = "Se ha usado un código de emergencia en {{host}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Usado a las {{clock}}. ¿Ha sido usted?"
	heading = "Se ha usado un código de emergencia"
	intro = "Alguien ha iniciado sesión en {{host}} {{#user}}como {{user}} {{/user}}con un código de emergencia de un administrador, en lugar de uno enviado por correo."
	expiry = ""
	advice = "Si ha sido usted, no tiene que hacer nada. Si no ha sido usted, cambie su contraseña y avise enseguida a su administrador."
	sms = "Se ha usado un código de emergencia para su cuenta en {{host}}. Si no ha sido usted, avise enseguida a su administrador."
}

kind break-glass-made {
	subject = "Se ha creado un código de emergencia en {{host}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "{{#user}}Para {{user}}. {{/user}}Creado a las {{clock}}."
	heading = "Se ha creado un código de emergencia"
	intro = "Un administrador ha creado un código de emergencia {{#user}}para {{user}} {{/user}}en {{host}}. Sirve para iniciar sesión una vez, en lugar de un código enviado por correo."
	expiry = "Válido durante {{minutes}}, hasta las {{expires}}."
	advice = "Si sabe para qué es, no tiene que hacer nada. Si no lo sabe, pregunte enseguida a los demás administradores."
	sms = "Se ha creado un código de emergencia {{#user}}para {{user}} {{/user}}en {{host}}. Si no sabe para qué es, pregunte enseguida a los demás administradores."
}

kind test {
	subject = "Mensaje de prueba de {{host}}{{#reference}} ({{reference}}){{/reference}}"
	preheader = "Los códigos de acceso de {{host}} pueden llegar a esta dirección."
	heading = "El correo funciona"
	intro = "Un administrador de {{host}} ha pedido este mensaje de prueba. Demuestra que los códigos de acceso pueden llegar a esta dirección."
	expiry = ""
	advice = "No tiene que hacer nada. Si no conoce {{host}}, ignore este mensaje."
	sms = "Mensaje de prueba de {{host}}: las claves de acceso pueden llegar a este número."
}
